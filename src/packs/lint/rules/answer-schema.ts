import { didYouMean } from '../../../core/documents/problems.ts';
import type { Finding, LintRule } from '../rule.ts';

const KEYWORDS = [
  'type',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
];
const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];
const MAX_DEPTH = 6;

export const answerSchema: LintRule = {
  name: 'answer-schema',
  about:
    'The `schema` of an `agent.ask` is of an object, and of keywords that are cheap to check: no pattern, no reference.',
  check: ({ steps }) =>
    steps.flatMap(({ step, path }): Finding[] => {
      const schema = step.uses === 'agent.ask' ? step.with?.schema : undefined;
      if (typeof schema !== 'object' || schema === null) return [];
      const at = [...path, 'with', 'schema'];
      const first =
        (schema as { type?: unknown }).type === 'object'
          ? []
          : [{ path: at, message: 'the schema must be of `type: object`' }];
      return [...first, ...ofSchema(schema, at, 0)];
    }),
};

function ofSchema(schema: unknown, path: (string | number)[], depth: number): Finding[] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    return [{ path, message: 'a schema is a map of keywords' }];
  if (depth > MAX_DEPTH) return [{ path, message: `a schema is at most ${MAX_DEPTH} deep` }];
  return Object.entries(schema).flatMap(([key, value]): Finding[] => {
    const at = [...path, key];
    if (!KEYWORDS.includes(key))
      return [
        {
          path: at,
          key: true,
          message: `the keyword "${key}" is not allowed; allowed are ${KEYWORDS.join(', ')}`,
          suggestion: didYouMean(key, KEYWORDS),
        },
      ];
    if (key === 'type' && !TYPES.includes(String(value)))
      return [
        {
          path: at,
          message: `the type must be one of ${TYPES.join(', ')}`,
          suggestion: didYouMean(String(value), TYPES),
        },
      ];
    if (key === 'properties')
      return Object.entries((value ?? {}) as object).flatMap(([name, inner]) =>
        ofSchema(inner, [...at, name], depth + 1),
      );
    if (key === 'items' || (key === 'additionalProperties' && typeof value !== 'boolean'))
      return ofSchema(value, at, depth + 1);
    if ((key === 'required' || key === 'enum') && !Array.isArray(value))
      return [{ path: at, message: `\`${key}\` must be a list` }];
    return [];
  });
}
