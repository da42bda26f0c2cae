import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** What is wrong first with a value, by a schema; null when nothing is. */
export function problemIn(schema: TSchema, value: unknown, name: string): string | null {
  if (Value.Check(schema, value)) return null;
  const [wrong] = Value.Errors(schema, value);
  const where = wrong?.instancePath ? `${name}${wrong.instancePath}` : name;
  // How TypeBox says that a key is not in the schema.
  return wrong?.message === 'schema is false' ? `${where} is not known` : `${where} ${wrong?.message ?? 'is wrong'}`;
}
