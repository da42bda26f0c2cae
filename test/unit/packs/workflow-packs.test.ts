import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compileSchema } from '../../../src/core/documents/compile-schema.ts';
import { packagePath } from '../../../src/core/package-root.ts';
import { compilePack } from '../../../src/packs/compile.ts';
import { type Fixture, FixtureSchema } from '../../../src/packs/fixture.ts';
import { runFixture } from '../../../src/packs/fixture-run.ts';
import { readPackFolder } from '../../../src/packs/load.ts';
import { type PackDocument, PackSchema } from '../../../src/packs/schema.ts';

const PACKS = packagePath('workflow-packs');
const validPack = compileSchema(PackSchema);
const validFixture = compileSchema(FixtureSchema);

/** Every pack that comes with chp, each of its fixtures played on the interpreter. */
describe.each(readdirSync(PACKS).sort())('%s', async (id) => {
  const { files, refused } = await readPackFolder(`${PACKS}/${id}`);
  const document = parse(files.get('pack.yaml') ?? '') as PackDocument;
  const fixtures = [...files.keys()].filter((path) => path.startsWith('fixtures/'));

  test('is well formed, under its own name, with a happy path and at least two failures', () => {
    expect([...refused]).toEqual([]);
    expect(validPack(document) || validPack.errors).toBe(true);
    expect(document.id).toBe(id);
    const statuses = fixtures.map((path) => (parse(files.get(path) ?? '') as Fixture).expect.status);
    expect(statuses.filter((status) => status === 'success').length).toBeGreaterThan(0);
    expect(fixtures.length).toBeGreaterThanOrEqual(3);
  });

  test.each(fixtures)('%s', async (path) => {
    const fixture = parse(files.get(path) ?? '') as Fixture;
    expect(validFixture(fixture) || validFixture.errors).toBe(true);
    const { problems } = await runFixture(compilePack(document, files), fixture);
    expect(problems).toEqual([]);
  });
});
