import { type TSchema, Type } from 'typebox';

/** Pieces that the schemas of packs share. */

/** Unknown keys are errors. */
export const closed = { additionalProperties: false } as const;

/** A closed set of words; written as `enum` so that an error can list what is expected. */
export const oneOf = <const T extends string>(values: readonly T[], options: Record<string, unknown> = {}) =>
  Type.Unsafe<T>({ ...options, type: 'string', enum: [...values] });

export const DURATION_PATTERN = '^[1-9][0-9]{0,5}(ms|s|m|h|d)$';
export const duration = (description: string) =>
  Type.String({ pattern: DURATION_PATTERN, description, examples: ['30s', '10m'] });

/** An object without further keys. */
export const record = <const P extends Record<string, TSchema>>(properties: P, description?: string) =>
  Type.Object(properties, description === undefined ? closed : { ...closed, description });

export const optional = Type.Optional;
export const text = (description: string, maxLength = 4000) => Type.String({ minLength: 1, maxLength, description });
/** ISO 8601 with offset or `Z`; a bare date stands for the whole day, local time. */
export const instant = (description: string) =>
  Type.String({
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$',
    description,
    examples: ['2026-11-25T06:55:00+01:00', '2026-11-25'],
  });
export const PHONE_PATTERN = '^\\+[1-9][0-9]{6,14}$';
export const phone = (description: string) =>
  Type.String({ pattern: PHONE_PATTERN, description, examples: ['+4915112345678'] });
