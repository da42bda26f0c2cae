import type { ValidateFunction } from 'ajv';
import { compileSchema } from '../core/documents/compile-schema.ts';
import type { Problem } from '../core/documents/problems.ts';
import { relevant, schemaProblems } from '../core/documents/schema-problems.ts';
import { type ParsedYaml, readYaml } from '../core/documents/yaml.ts';
import { type PackDocument, PackSchema } from './schema.ts';

export interface ValidatedPack {
  problems: Problem[];
  /** null = it could not be read, or its shape is so wrong that nothing more can be said of it. */
  document: PackDocument | null;
  yaml: ParsedYaml | null;
}

/** Wrong in themselves, but what stands around them can still be looked at. */
const HARMLESS = new Set([
  'additionalProperties',
  'pattern',
  'enum',
  'const',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minimum',
  'maximum',
]);

let compiled: ValidateFunction | undefined;

/** pack.yaml by its schema, with every problem at its place. */
export function validatePack(text: string): ValidatedPack {
  const yaml = readYaml(text);
  if (Array.isArray(yaml)) return { problems: yaml, document: null, yaml: null };
  compiled ??= compileSchema(PackSchema);
  const problems = schemaProblems(compiled, yaml);
  const sound = relevant(compiled.errors ?? []).every(
    ({ keyword, instancePath }) => HARMLESS.has(keyword) || (keyword === 'required' && instancePath === ''),
  );
  const value = yaml.value as PackDocument;
  const document = sound ? { ...value, triggers: value.triggers ?? [], steps: value.steps ?? [] } : null;
  return { problems, document, yaml };
}
