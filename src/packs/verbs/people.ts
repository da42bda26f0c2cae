import { Type } from 'typebox';
import { ROLES } from '../../core/tenant/schema.ts';
import { oneOf, optional } from '../types.ts';

/** Who a verb turns to: members by id, members by role, or both. */
const memberId = Type.String({ minLength: 1, maxLength: 31, description: 'Member id.' });
export const members = (description: string) =>
  optional(
    Type.Union([memberId, Type.Array(memberId, { maxItems: 50 })], {
      description: `${description} An id or a list of ids.`,
    }),
  );
export const roles = (description: string) =>
  optional(Type.Array(oneOf(ROLES), { minItems: 1, maxItems: ROLES.length, description }));
