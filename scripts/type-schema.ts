import ts from 'typescript';

export type JsonSchema = Record<string, unknown>;

/** JSON Schema of what JSON.stringify makes of a TypeScript type; functions and `undefined` are left out, as it does. */
export function schemaOf(type: ts.Type, checker: ts.TypeChecker, above: readonly ts.Type[] = []): JsonSchema {
  const inner = (part: ts.Type): JsonSchema => schemaOf(part, checker, [...above, type]);
  const has = (flag: ts.TypeFlags): boolean => (type.flags & flag) !== 0;
  if (has(ts.TypeFlags.Any | ts.TypeFlags.Unknown) || above.includes(type)) return {};
  if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
  if (has(ts.TypeFlags.BooleanLiteral)) return { const: checker.typeToString(type) === 'true' };
  if (has(ts.TypeFlags.Null)) return { type: 'null' };
  if (has(ts.TypeFlags.StringLike)) return { type: 'string' };
  if (has(ts.TypeFlags.NumberLike)) return { type: 'number' };
  if (type.isUnion()) return union(type.types.filter(isPrinted).map(inner));
  if (checker.isTupleType(type) || checker.isArrayType(type)) {
    const items = checker.getTypeArguments(type as ts.TypeReference).map(inner);
    return checker.isArrayType(type) ? { type: 'array', items: items[0] } : { type: 'array', prefixItems: items };
  }
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const property of checker.getPropertiesOfType(type)) {
    if (property.name.startsWith('__@') || property.name.startsWith('#')) continue;
    const declared = checker.getTypeOfSymbol(property);
    if (!isPrinted(declared)) continue;
    properties[property.name] = inner(declared);
    const mayLack =
      property.flags & ts.SymbolFlags.Optional || (declared.isUnion() && !declared.types.every(isPrinted));
    if (!mayLack) required.push(property.name);
  }
  return {
    type: 'object',
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required: required.sort() } : {}),
    additionalProperties: index ? inner(index.type) : false,
  };
}

/** False for what JSON.stringify leaves out. */
function isPrinted(type: ts.Type): boolean {
  const absent = ts.TypeFlags.Undefined | ts.TypeFlags.Void | ts.TypeFlags.ESSymbolLike;
  return !(type.flags & absent) && type.getCallSignatures().length === 0;
}

/** Literals of one kind as an enum, both booleans as boolean, the rest side by side; the same order always. */
function union(parts: readonly JsonSchema[]): JsonSchema {
  const literals = parts.flatMap((part) => ('const' in part ? [part.const] : []));
  const others = new Map(parts.filter((part) => !('const' in part)).map((part) => [JSON.stringify(part), part]));
  const both = literals.includes(true) && literals.includes(false);
  const named = literals.filter((literal) => !both || typeof literal !== 'boolean').sort();
  const all = [
    ...(both ? [{ type: 'boolean' }] : []),
    ...(named.length === 1 ? [{ const: named[0] }] : named.length > 0 ? [{ enum: named }] : []),
    ...[...others.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part),
  ];
  return all.length === 1 && all[0] ? all[0] : { anyOf: all };
}
