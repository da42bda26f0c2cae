import { PackSchema } from '../src/packs/schema.ts';
import { VERBS } from '../src/packs/verbs/index.ts';

type Json = Record<string, unknown>;
const EXPRESSION = { type: 'string', pattern: '\\$\\{\\{', description: 'An expression.' };
const FILE = {
  type: 'object',
  required: ['file'],
  properties: { file: { type: 'string', pattern: '^prompts/', description: 'Its text is taken.' } },
  additionalProperties: false,
};

/**
 * schemas/pack.schema.json, for editors: the schema of pack.yaml, self-contained, with what each verb takes. Lint is
 * stricter: it also knows what an expression may name.
 */
export function packJsonSchema(): Json {
  const definitions: Json = {};
  const root = hoisted(JSON.parse(JSON.stringify(PackSchema)) as Json, definitions) as Json;
  const step = definitions.Step as { properties: Json; allOf?: unknown[] };
  step.properties.uses = { ...(step.properties.uses as Json), enum: Object.keys(VERBS) };
  step.allOf = Object.values(VERBS).map(({ name, summary, input }) => ({
    if: { required: ['uses'], properties: { uses: { const: name } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: { properties: { with: { description: summary, ...lenient(JSON.parse(JSON.stringify(input)) as Json) } } },
  }));
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...root, definitions };
}

/** Definitions at the root, where every editor finds them. */
function hoisted(value: unknown, definitions: Json): unknown {
  if (Array.isArray(value)) return value.map((inner) => hoisted(inner, definitions));
  if (typeof value !== 'object' || value === null) return value;
  const { $defs, $ref, ...rest } = value as { $defs?: Json; $ref?: string } & Json;
  for (const [name, inner] of Object.entries($defs ?? {})) {
    const { $id: _, ...definition } = hoisted(inner, definitions) as Json;
    definitions[name] = definition;
  }
  if ($ref !== undefined) return { $ref: `#/definitions/${$ref}` };
  return Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, hoisted(inner, definitions)]));
}

/** Everywhere an expression may stand instead, and for texts a file. */
function lenient(schema: Json): Json {
  const { properties, items, anyOf, ...rest } = schema as {
    properties?: Record<string, Json>;
    items?: Json;
    anyOf?: Json[];
  };
  const either = (inner: Json): Json => ({
    ...(inner.description === undefined ? {} : { description: inner.description }),
    anyOf: [lenient(inner), EXPRESSION, ...(inner.type === 'string' ? [FILE] : [])],
  });
  return {
    ...rest,
    ...(properties
      ? { properties: Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, either(inner)])) }
      : {}),
    ...(items ? { items: either(items) } : {}),
    ...(anyOf ? { anyOf: anyOf.map(lenient) } : {}),
  };
}
