import type { ValidateFunction } from 'ajv';
import { compileSchema } from '../core/documents/compile-schema.ts';
import type { Problem } from '../core/documents/problems.ts';
import { schemaProblems } from '../core/documents/schema-problems.ts';
import { type ParsedYaml, readYaml } from '../core/documents/yaml.ts';
import { type Fixture, FixtureSchema } from './fixture.ts';

const FILE = /^fixtures\/([A-Za-z0-9_][A-Za-z0-9._-]*)\.yaml$/;
let compiled: ValidateFunction | undefined;

/** Name of a fixture by its path in the pack; null = the file is none. */
export const fixtureName = (path: string): string | null => FILE.exec(path)?.[1] ?? null;

/** A fixture’s text by its schema. */
export function readFixture(text: string): { problems: Problem[]; fixture: Fixture | null; yaml: ParsedYaml | null } {
  const yaml = readYaml(text);
  if (Array.isArray(yaml)) return { problems: yaml, fixture: null, yaml: null };
  compiled ??= compileSchema(FixtureSchema);
  const problems = schemaProblems(compiled, yaml);
  return { problems, fixture: problems.length === 0 ? (yaml.value as Fixture) : null, yaml };
}

/** The fixtures of a pack that has passed lint, by name. */
export function fixturesOf(files: ReadonlyMap<string, string>): Map<string, Fixture> {
  const found = new Map<string, Fixture>();
  for (const [path, text] of files) {
    const name = fixtureName(path);
    const fixture = name === null ? null : readFixture(text).fixture;
    if (name !== null && fixture) found.set(name, fixture);
  }
  return found;
}
