import { Type } from 'typebox';
import { clockTime, closed, oneOf, PLAIN_TEXT } from './schema-parts.ts';

/** The parts of tenant.yaml that say to which rollouts it belongs, and when they may come. */

export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];
/** As in Kubernetes, without the prefix: at most 63 characters, a letter or digit at both ends. */
export const LABEL_NAME_PATTERN = '^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$';
export const LABEL_VALUE_PATTERN = '^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$';

export const LabelsSchema = Type.Record(
  Type.String({ pattern: LABEL_NAME_PATTERN }),
  Type.String({ pattern: LABEL_VALUE_PATTERN }),
  {
    additionalProperties: false,
    maxProperties: 30,
    description: 'For `--selector`; a rollout goes from ring to ring by the label `ring`.',
    examples: [{ ring: 'stable', region: 'eu' }],
  },
);

export const MaintenanceSchema = Type.Object(
  {
    windows: Type.Optional(
      Type.Array(
        Type.Object(
          {
            days: Type.Optional(
              Type.Array(oneOf(WEEKDAYS), { minItems: 1, description: 'On which a window begins; absent: on each.' }),
            ),
            from: clockTime('Start, local time.'),
            to: clockTime('End, local time; earlier than `from` = next day.'),
          },
          closed,
        ),
        { minItems: 1, maxItems: 20, description: 'A rollout changes the tenant only within one of them.' },
      ),
    ),
    quietHours: Type.Optional(
      oneOf(['avoid', 'ignore'], {
        description:
          '`avoid`: no rollout while quiet hours of any member last. Absent: `avoid` where there are no windows.',
      }),
    ),
    pause: Type.Optional(
      Type.Object(
        {
          until: Type.Optional(
            Type.String({
              pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
              description: 'First day on which it may be changed again; absent: until this key goes.',
              examples: ['2027-01-07'],
            }),
          ),
          reason: Type.Optional(
            Type.String({ minLength: 1, maxLength: 200, pattern: PLAIN_TEXT, description: 'Shown to operators.' }),
          ),
        },
        { ...closed, description: 'The family wants no rollout for now.' },
      ),
    ),
  },
  { ...closed, description: 'When rollouts to many tenants may change this one; what names it alone is done at once.' },
);

export interface MaintenanceWindow {
  /** Never empty. */
  days: readonly Weekday[];
  from: string;
  to: string;
}

export interface Maintenance {
  /** Empty: at any time. */
  windows: MaintenanceWindow[];
  avoidQuietHours: boolean;
  pause: { until?: string; reason?: string } | null;
}
