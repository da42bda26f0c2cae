import { Type } from 'typebox';
import { SECRET_NAME_PATTERN } from '../names.ts';

/** What the parts of tenant.yaml's schema share. */

/** No control characters: what is shown on a terminal must not steer it. */
export const PLAIN_TEXT = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';
export const closed = { additionalProperties: false } as const;
/** A closed set of words; written as `enum` so that an error can list what is expected. */
export const oneOf = <const T extends string>(values: readonly T[], options: Record<string, unknown> = {}) =>
  Type.Unsafe<T>({ ...options, type: 'string', enum: [...values] });
export const secretName = (description: string) =>
  Type.String({ pattern: SECRET_NAME_PATTERN, description, examples: ['ANTHROPIC_API_KEY'] });
export const clockTime = (description: string) =>
  Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description, examples: ['22:00'] });
