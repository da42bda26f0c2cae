import type { ErrorObject, ValidateFunction } from 'ajv';
import { nearestTenantName } from '../names.ts';
import { didYouMean, MAX_PROBLEMS, type Problem } from './problems.ts';
import type { ParsedYaml } from './yaml.ts';

/** Every way in which a document does not match its schema, at its place. */
export function schemaProblems(validate: ValidateFunction, parsed: ParsedYaml): Problem[] {
  if (validate(parsed.value)) return [];
  const problems = relevant((validate.errors ?? []).slice(0, MAX_PROBLEMS)).map((error) => problemOf(error, parsed));
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** Of alternatives, only what the one that was meant lacks: those of another type say nothing. */
export function relevant(errors: readonly ErrorObject[]): ErrorObject[] {
  let left = [...errors];
  for (const choice of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const branchOf = (error: ErrorObject): string | null =>
      error.instancePath === choice.instancePath && error.schemaPath.startsWith(`${choice.schemaPath}/`)
        ? (error.schemaPath.slice(choice.schemaPath.length + 1).split('/')[0] ?? null)
        : null;
    const wrongType = new Set(left.filter(({ keyword }) => keyword === 'type').map(branchOf));
    wrongType.delete(null);
    left = left.filter((error) => !wrongType.has(branchOf(error)));
    if (wrongType.size < (choice.schema as unknown[]).length) left = left.filter((error) => error !== choice);
  }
  return left;
}

export const pathOf = (error: ErrorObject): string[] =>
  error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

function problemOf(error: ErrorObject, parsed: ParsedYaml): Problem {
  const path = pathOf(error);
  const place = parsed.locate(
    error.keyword === 'additionalProperties' ? [...path, String(error.params.additionalProperty)] : path,
    error.keyword === 'additionalProperties',
  );
  return { ...place, ...explain(error, shownPath(path)) };
}

/** `members[0].id` */
function shownPath(path: readonly string[]): string {
  const shownParts = path.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join('');
  return shownParts.replace(/^\./, '') || 'the document';
}

/** What is wrong, in words. `name` is what the value is called. */
export function explain(error: ErrorObject, name: string): { message: string; suggestion?: string } {
  const schema = error.parentSchema as { properties?: Record<string, unknown>; description?: string } | undefined;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const known = Object.keys(schema?.properties ?? {});
      const list = known.length > 0 ? `known are ${known.join(', ')}` : 'it has none';
      return suggest(`unknown key "${key}" in ${name}; ${list}`, didYouMean(key, known));
    }
    case 'required':
      return { message: `${name} lacks "${String(error.params.missingProperty)}"` };
    case 'enum': {
      const allowed = (error.params.allowedValues as unknown[]).map(String);
      return suggest(`${name} must be one of ${allowed.join(', ')}`, didYouMean(String(error.data), allowed));
    }
    case 'const':
      return { message: `${name} must be ${JSON.stringify(error.params.allowedValue)}` };
    case 'type':
      return suggest(
        `${name} must be ${article(String(error.params.type))}, not ${shown(error.data)}`,
        asType(String(error.params.type), error.data),
      );
    case 'anyOf': {
      const types = (error.schema as { type?: string }[]).map(({ type }) => article(type ?? 'other'));
      return { message: `${name} must be ${types.join(' or ')}, not ${shown(error.data)}` };
    }
    case 'pattern': {
      const label = /^name$|\.id$/.test(name) ? nearestTenantName(String(error.data)) : '';
      const nearest = label && new RegExp(String(error.params.pattern)).test(label) ? label : '';
      return suggest(
        `${name} does not have the form it must have${schema?.description ? ` (${schema.description})` : ''}`,
        nearest && `did you mean "${nearest}"?`,
      );
    }
    case 'minLength':
      if (error.params.limit === 1) return { message: `${name} must not be empty` };
      return { message: `${name} must have at least ${String(error.params.limit)} characters` };
    default:
      return { message: `${name} ${error.message ?? 'is not valid'}` };
  }
}

/** What to write for a value that YAML 1.2 reads as another type than it was meant as. */
function asType(type: string, data: unknown): string | undefined {
  if (type === 'boolean' && typeof data === 'string') {
    if (/^(yes|on|y|true)$/i.test(data)) return 'write true';
    if (/^(no|off|n|false)$/i.test(data)) return 'write false';
  }
  if (type === 'string' && (typeof data === 'number' || typeof data === 'boolean'))
    return `write it in quotes: "${data}"`;
  if (type === 'integer' && typeof data === 'string' && /^\d+$/.test(data)) return 'write it without quotes';
  return undefined;
}

const suggest = (message: string, suggestion: string | undefined): { message: string; suggestion?: string } =>
  suggestion ? { message, suggestion } : { message };
const article = (type: string): string => `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
const shown = (data: unknown): string | undefined => JSON.stringify(data)?.slice(0, 40);
