import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formatsPlugin from 'ajv-formats';
import type { Document } from 'yaml';
import { withDefaults } from '../../core/tenant/defaults.ts';
import { type Tenant, type TenantDocument, TenantSchema } from '../../core/tenant/schema.ts';
import { badDocument, didYouMean, type Problem } from './problems.ts';
import { semanticProblems } from './tenant-rules.ts';
import { type ParsedYaml, parseYaml } from './yaml.ts';

export interface ParsedTenant {
  document: TenantDocument;
  tenant: Tenant;
  /** For edits that keep comments. */
  yaml: Document;
}

let compiled: ValidateFunction | undefined;

function validator(): ValidateFunction {
  if (compiled) return compiled;
  const ajv = new Ajv({ allErrors: true, strict: false, verbose: true });
  formatsPlugin.default(ajv, ['uri']);
  compiled = ajv.compile(TenantSchema);
  return compiled;
}

/** Parses and validates tenant.yaml. @throws BAD_DOCUMENT naming every problem at its line and column */
export function parseTenant(text: string, file: string): ParsedTenant {
  const parsed = parseYaml(text, file);
  const validate = validator();
  if (!validate(parsed.value)) {
    const problems = (validate.errors ?? []).map((error) => problemOf(error, parsed));
    throw badDocument(file, text, unique(problems));
  }
  const document = parsed.value as TenantDocument;
  const problems = semanticProblems(document).map(({ path, key, ...problem }) => ({
    ...problem,
    ...parsed.locate(path, key),
  }));
  if (problems.length > 0) throw badDocument(file, text, problems);
  return { document, tenant: withDefaults(document), yaml: parsed.yaml };
}

function problemOf(error: ErrorObject, parsed: ParsedYaml): Problem {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = path.join('.') || 'the document';
  const schema = error.parentSchema as { properties?: Record<string, unknown>; description?: string } | undefined;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const known = Object.keys(schema?.properties ?? {});
      const suggestion = didYouMean(key, known);
      return {
        ...parsed.locate([...path, key], true),
        message: `unknown key "${key}" in ${name}; known are ${known.join(', ')}`,
        ...(suggestion ? { suggestion } : {}),
      };
    }
    case 'required':
      return { ...parsed.locate(path), message: `${name} lacks "${String(error.params.missingProperty)}"` };
    case 'enum': {
      const allowed = (error.params.allowedValues as unknown[]).map(String);
      const suggestion = didYouMean(String(error.data), allowed);
      return {
        ...parsed.locate(path),
        message: `${name} must be one of ${allowed.join(', ')}`,
        ...(suggestion ? { suggestion } : {}),
      };
    }
    case 'const':
      return { ...parsed.locate(path), message: `${name} must be ${JSON.stringify(error.params.allowedValue)}` };
    case 'type':
      return {
        ...parsed.locate(path),
        message: `${name} must be ${article(String(error.params.type))}, not ${JSON.stringify(error.data)?.slice(0, 40)}`,
      };
    case 'pattern':
      return {
        ...parsed.locate(path),
        message: `${name} does not have the form it must have${schema?.description ? ` (${schema.description})` : ''}`,
      };
    default:
      return { ...parsed.locate(path), message: `${name} ${error.message ?? 'is not valid'}` };
  }
}

const article = (type: string): string => `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;

function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
