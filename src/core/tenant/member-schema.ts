import { type Static, Type } from 'typebox';
import { clockTime, closed, oneOf, PLAIN_TEXT } from './schema-parts.ts';

export const ROLES = ['Admin', 'Adult', 'Teen', 'Child', 'Guest', 'Caregiver'] as const;
export const CONTACT_KINDS = ['telegram', 'sms', 'voice', 'email', 'push'] as const;

export const MemberSchema = Type.Object(
  {
    id: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,30}$',
      description: 'Short id, unique in the tenant.',
      examples: ['ana'],
    }),
    name: Type.String({
      minLength: 1,
      maxLength: 80,
      pattern: PLAIN_TEXT,
      description: 'Name as the family says it.',
      examples: ['Ana'],
    }),
    role: oneOf(ROLES, { description: 'What the member may ask for and approve.' }),
    contacts: Type.Optional(
      Type.Array(
        Type.Object(
          {
            kind: oneOf(CONTACT_KINDS, { description: 'How to reach the member.' }),
            address: Type.String({
              minLength: 1,
              maxLength: 200,
              pattern: PLAIN_TEXT,
              description: 'Chat id, E.164 number or address.',
              examples: ['+4915112345678'],
            }),
          },
          closed,
        ),
        { maxItems: 10, description: 'Most preferred first.' },
      ),
    ),
    quietHours: Type.Optional(
      Type.Object(
        { from: clockTime('Start, local time.'), to: clockTime('End, local time; earlier than `from` = next day.') },
        { ...closed, description: 'When only emergencies may disturb.' },
      ),
    ),
  },
  closed,
);

export type Member = Static<typeof MemberSchema>;
export type Role = (typeof ROLES)[number];
