import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { packagePath } from '../../../src/core/package-root.ts';
import { compilePack } from '../../../src/packs/compile.ts';
import type { Fixture } from '../../../src/packs/fixture.ts';
import { runFixture } from '../../../src/packs/fixture-run.ts';
import { lintPack } from '../../../src/packs/lint/lint.ts';
import { readPackFolder } from '../../../src/packs/load.ts';
import type { PackDocument } from '../../../src/packs/schema.ts';

const PACKS = packagePath('workflow-packs');

/** Every pack that comes with chp, each of its fixtures played on the interpreter. */
describe.each(readdirSync(PACKS).sort())('%s', async (id) => {
  const { files, refused } = await readPackFolder(`${PACKS}/${id}`);
  const document = parse(files.get('pack.yaml') ?? '') as PackDocument;
  const fixtures = [...files.keys()].filter((path) => path.startsWith('fixtures/'));

  test('passes lint, under its own name, with a happy path and at least two failures', () => {
    expect(lintPack({ files, refused }).problems).toEqual([]);
    expect(document.id).toBe(id);
    const statuses = fixtures.map((path) => (parse(files.get(path) ?? '') as Fixture).expect.status);
    expect(statuses.filter((status) => status === 'success').length).toBeGreaterThan(0);
    expect(fixtures.length).toBeGreaterThanOrEqual(3);
  });

  test.each(fixtures)('%s', async (path) => {
    const fixture = parse(files.get(path) ?? '') as Fixture;
    const { problems } = await runFixture(compilePack(document, files), fixture);
    expect(problems).toEqual([]);
  });
});
