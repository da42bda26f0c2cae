import type { TSchema } from 'typebox';
import { Errors } from 'typebox/schema';

/** One way in which a value does not match a schema. */
export interface ValueProblem {
  /** Of the value that is wrong; of the key for an unknown one. */
  path: string[];
  keyword: string;
  message: string;
  /** An unknown key. */
  key?: true;
  /** Words it could have been. */
  known?: string[];
}

type SchemaError = ReturnType<typeof Errors>[1][number];

/** What does not match, in words. Without code generation, so that it runs inside a workflow, too. */
export function valueProblems(schema: TSchema | Record<string, unknown>, value: unknown): ValueProblem[] {
  const [ok, errors] = Errors(schema as TSchema, value);
  return ok ? [] : meant(errors).flatMap((error) => explain(error, schema));
}

/** Drops what says the same twice, and of alternatives those of another type than the value. */
function meant(errors: readonly SchemaError[]): SchemaError[] {
  let left = errors.filter(({ keyword }) => keyword !== 'boolean');
  for (const choice of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const branch = new RegExp(`^${escaped(choice.schemaPath)}/anyOf/(\\d+)`);
    const indexOf = (error: SchemaError): string | undefined => branch.exec(error.schemaPath)?.[1];
    const wrongType = new Set(
      left
        .filter((error) => error.keyword === 'type' && error.instancePath === choice.instancePath)
        .map(indexOf)
        .filter((index) => index !== undefined),
    );
    const others = left.filter((error) => {
      const index = indexOf(error);
      return index !== undefined && !wrongType.has(index);
    });
    left = left.filter((error) => indexOf(error) === undefined || others.includes(error));
    if (others.length > 0) left = left.filter((error) => error !== choice);
  }
  return left;
}

function explain(error: SchemaError, schema: TSchema | Record<string, unknown>): ValueProblem[] {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const { keyword } = error;
  const params = error.params as Record<string, unknown>;
  const list = (name: string): string[] => ((params[name] as unknown[] | undefined) ?? []).map(String);
  if (keyword === 'additionalProperties') {
    const known = propertiesAt(schema, error.schemaPath);
    return list('additionalProperties').map((name) => ({
      path: [...path, name],
      keyword,
      key: true,
      known,
      message: `unknown key "${name}"; ${known.length > 0 ? `known are ${known.join(', ')}` : 'it has none'}`,
    }));
  }
  if (keyword === 'required')
    return list('requiredProperties').map((name) => ({ path, keyword, message: `it lacks "${name}"` }));
  const name = path.join('.');
  const says = (words: string): ValueProblem[] => [{ path, keyword, message: name ? `${name} ${words}` : words }];
  if (keyword === 'enum') {
    const known = list('allowedValues');
    return says(`must be one of ${known.join(', ')}`).map((problem) => ({ ...problem, known }));
  }
  if (keyword === 'pattern') return says('does not have the form it must have');
  if (keyword === 'anyOf') return says('has a type that is not allowed');
  return says(error.message);
}

function propertiesAt(schema: unknown, path: string): string[] {
  const at = path
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, part) => (inner as Record<string, unknown> | undefined)?.[part], schema);
  return Object.keys((at as { properties?: object } | undefined)?.properties ?? {});
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
