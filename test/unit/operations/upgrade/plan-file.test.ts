import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { UpgradePlan } from '../../../../src/core/upgrade.ts';
import {
  approvalOf,
  assertAsApproved,
  readPlanFile,
  writePlanFile,
} from '../../../../src/operations/upgrade/plan-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'chp-plan-'));
const file = join(dir, 'plan.json');
afterAll(() => rmSync(dir, { recursive: true }));
const of = (letter: string): string => letter.repeat(64);

const plan: UpgradePlan = {
  schema: 1,
  tenant: 'smith',
  host: 'hub',
  base: { generation: of('a'), document: of('b') },
  generation: of('c'),
  document: of('d'),
  empty: false,
  runtime: { from: 'clawdbot@1.0.0', to: 'clawdbot@2.0.0' },
  packs: [],
  services: ['gateway'],
  files: [],
  releaseNotes: [],
  refused: null,
  checks: [],
  downtime: { expectedS: 3, why: 'one cold start' },
};

test('is read as it was written', async () => {
  const approval = approvalOf({ to: 'clawdbot@2.0.0', packs: undefined, services: false }, plan);
  await writePlanFile(file, approval);
  expect(await readPlanFile(file, 'smith')).toEqual(approval);
});

test.each<[string, (text: string) => string, string, object]>([
  ['edited', (text) => text.replace('clawdbot@2.0.0', 'clawdbot@3.0.0'), 'smith', { code: 'INTEGRITY' }],
  ['cut', (text) => text.slice(0, 50), 'smith', { code: 'INTEGRITY' }],
  ['no plan', () => '{"plan": null}', 'smith', { code: 'INTEGRITY' }],
  ['another tenant’s', (text) => text, 'jones', { code: 'BAD_INPUT' }],
])('one that is %s is refused', async (_, change, tenant, error) => {
  await writePlanFile(file, approvalOf({ to: 'clawdbot@2.0.0' }, plan));
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  await expect(readPlanFile(file, tenant)).rejects.toMatchObject(error);
});

test('one that is not there is said so', async () => {
  await expect(readPlanFile(join(dir, 'none.json'), 'smith')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test.each<[string, Partial<UpgradePlan>, RegExp]>([
  ['document', { base: { ...plan.base, document: of('e') } }, /the document/],
  ['generation on the host', { base: { ...plan.base, generation: of('e') } }, /what runs on the host/],
  ['result', { generation: of('e') }, /what would run/],
])('another %s than when it was approved is a conflict', (_, change, why) => {
  const failure = expect.objectContaining({ code: 'CONFLICT', why: expect.stringMatching(why) });
  expect(() => assertAsApproved(plan, { ...plan, ...change })).toThrow(failure);
});

test('what a run that was cut got as far as still fits', () => {
  const saved = { ...plan, base: { ...plan.base, document: plan.document } };
  expect(() => assertAsApproved(plan, saved)).not.toThrow();
  const runs = { ...saved, base: { generation: plan.generation, document: plan.document }, empty: true };
  expect(() => assertAsApproved(plan, runs)).not.toThrow();
});
