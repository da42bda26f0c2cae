/** JSON Schema as far as the tables of verbs and connectors use it. */
interface Schema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  examples?: unknown[];
  minimum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** A value of a schema, for what a dry run does not do: the first word, the least number, empty lists. */
export function sampleOf(schema: object): unknown {
  const {
    type,
    const: fixed,
    enum: words,
    anyOf,
    examples,
    minimum,
    properties = {},
    required = [],
  } = schema as Schema;
  if (fixed !== undefined) return fixed;
  if (words) return words[0];
  if (anyOf) return anyOf.some((choice) => choice.type === 'null') ? null : sampleOf(anyOf[0] ?? {});
  if (examples) return examples[0];
  switch (type) {
    case 'object':
      return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name] ?? {})]));
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return minimum ?? 0;
    case 'boolean':
      return true;
    case 'string':
      return 'dry-run';
    default:
      return null;
  }
}
