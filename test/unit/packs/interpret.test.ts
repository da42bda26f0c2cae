import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compileSchema } from '../../../src/core/documents/compile-schema.ts';
import { compilePack } from '../../../src/packs/compile.ts';
import { type Fixture, FixtureSchema } from '../../../src/packs/fixture.ts';
import { runFixture } from '../../../src/packs/fixture-run.ts';
import type { PlannedEffect, RunResult, VerbCall } from '../../../src/packs/interpret/ports.ts';
import { type PackDocument, PackSchema } from '../../../src/packs/schema.ts';

interface Case {
  pack: Partial<PackDocument>;
  prompts?: Record<string, string>;
  fixture: Fixture;
  dryRun?: boolean;
  /** `path status`, in order of their end. */
  steps?: string[];
  /** Of the calls that left the interpreter. */
  keys?: string[];
  /** What a dry run would have done. */
  planned?: PlannedEffect[];
  /** Part of the first call. */
  call?: Partial<VerbCall>;
}

const HEAD = {
  schema: 1,
  id: 'case',
  version: '1.0.0',
  description: 'One case of the table.',
  authors: ['chp'],
  licence: 'Apache-2.0',
  triggers: [{ manual: true }],
} as const;
const dir = join(import.meta.dirname, '../../cases/interpret');
const validPack = compileSchema(PackSchema);
const validFixture = compileSchema(FixtureSchema);

describe('a run', () => {
  it.each(readdirSync(dir).sort())('%s', async (file) => {
    const { pack, prompts = {}, fixture, dryRun, ...expected } = parse(readFileSync(join(dir, file), 'utf8')) as Case;
    Object.assign(fixture, { description: file });
    const document = { ...HEAD, ...pack };
    expect([validPack(document) || validPack.errors, validFixture(fixture) || validFixture.errors]).toEqual([
      true,
      true,
    ]);
    const calls: VerbCall[] = [];
    const compiled = compilePack(document as PackDocument, new Map(Object.entries(prompts)));
    const { problems, result } = await runFixture(compiled, fixture, {
      dryRun: dryRun ?? false,
      onCall: (call) => calls.push(call),
    });
    expect(problems).toEqual([]);
    if (expected.steps) expect(result.steps.map(({ path, status }) => `${path} ${status}`)).toEqual(expected.steps);
    if (expected.keys) expect(calls.map(({ key }) => key)).toEqual(expected.keys);
    expect(result.planned).toEqual(expected.planned);
    if (expected.call) expect(calls[0]).toMatchObject(expected.call);
    expect((JSON.parse(JSON.stringify(result)) as RunResult).status).toBe(result.status);
  });
});

/** 800 steps in a row that go through a list `terms` times, and nothing that is waited for in between. */
function computing(terms: number, length: number) {
  const numbers = Array.from({ length }, (_, index) => index);
  const found = `\${{ ${Array(terms).fill('steps.n.output.l.exists(a, a * a < item - 200)').join(' || ')} }}`;
  const steps = Array.from({ length: 8 }, (_, index) => ({ id: `burn${index}`, uses: 'set', with: { found } }));
  const document = {
    ...HEAD,
    steps: [
      { id: 'n', uses: 'set', with: { l: numbers, rounds: Array.from({ length: 100 }, (_, index) => index) } },
      { id: 'burn', 'for-each': 'steps.n.output.rounds', steps },
    ],
  };
  const fixture = { description: 'Nothing is asked.', answers: [], expect: { status: 'success' } } as Fixture;
  return runFixture(compilePack(document as unknown as PackDocument, new Map()), fixture);
}

describe('a run that computes', () => {
  it('much, within reason, ends well', async () => {
    expect((await computing(1, 100)).result).toMatchObject({ status: 'success' });
  });

  it('without end is ended, though each of its steps is within the limits', async () => {
    const { result } = await computing(20, 1000);
    expect(result).toMatchObject({ status: 'blocked', reason: expect.stringContaining('computes without end') });
    expect(result.steps.length).toBeLessThan(100);
  });
});
