import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packagePath } from '../../../src/core/package-root.ts';
import { Chp } from '../../support/chp.ts';
import { freePort } from '../../support/free-port.ts';

/** The guide, run from its text on two real tenants of this machine. */
const chp = new Chp();
const text = readFileSync(packagePath('docs', 'guides', 'roll-out-to-a-fleet.md'), 'utf8');
const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block = '']) => block.trim().split('\n'))
  .map((line) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '').slice(1));

const timeoutOf = (name: string) => chp.json(['config', 'get', name, 'agents.defaults.timeoutSeconds']);

beforeAll(async () => {
  for (const [name, ring] of [
    ['smith', 'early'],
    ['jones', 'stable'],
  ] as const) {
    await chp.json(['tenant', 'create', '-f', '-'], {
      input: `schema: 1\nname: ${name}\ntopology: hub\nhost: local\nlabels: {ring: ${ring}, region: eu}\nmodel: {provider: demo}\nconfig: {agents: {defaults: {timeoutSeconds: 60}}}\ngateway: {port: ${await freePort()}}\n`,
    });
    await chp.json(['config', 'set', name, 'agents.defaults.timeoutSeconds', '91', '--stage']);
  }
});
afterAll(async () => {
  for (const name of ['smith', 'jones']) await chp.run(['tenant', 'destroy', name, '--yes']);
  chp.cleanUp();
});

test('it has commands for each of its parts', () => {
  for (const part of ['--selector', '--dry-run', '--soak-between', 'list', 'show', 'resume', 'rollback'])
    expect(
      commands.some((argv) => argv.includes(part)),
      part,
    ).toBe(true);
});

let job = '';
test.each(commands)('chp %s %s %s', { timeout: 300_000 }, async (...argv) => {
  const args = argv.map((word) => ({ JOB: job, '10m': '1s' })[word] ?? word);
  const result = await chp.json(args);
  if (result.kind === 'rollout' && result.operation === 'apply') job = result.id.slice(0, 8);
  if (result.kind === 'rollout') expect(await timeoutOf('smith')).toBe(result.operation === 'apply' ? 91 : 60);
});

test('both were changed in their waves, and the doctor looked at them after the soak', async () => {
  const shown = await chp.json(['job', 'show', job]);
  expect(shown.tenants.map(({ tenant, wave, state }: Record<string, string>) => [tenant, wave, state])).toEqual([
    ['smith', 'canaries', 'done'],
    ['jones', 'ring stable', 'done'],
  ]);
  expect((await chp.run(['job', 'show', job])).stdout).toMatch(/smith +canaries +done/);
  expect(await timeoutOf('jones')).toBe(60);
  expect((await chp.json(['tenant', 'plan', 'jones'])).empty).toBe(true);
  expect((await chp.run(['job', 'list'])).stdout).toMatch(/rollout apply +2 tenants +done/);
  await chp.json(['job', 'watch', job]);
  for (const verb of ['pause', 'cancel'])
    expect(await chp.json(['job', verb, job], { code: 4 })).toMatchObject({ code: 'CONFLICT' });
  const [created] = await chp.json(['job', 'list', '--tenant', 'smith']);
  expect(created).toMatchObject({ kind: 'create', state: 'done' });
  expect(await chp.json(['job', 'resume', created.id], { code: 4 })).toMatchObject({ code: 'CONFLICT' });
  expect(await chp.json(['job', 'show', 'nothing'], { code: 3 })).toMatchObject({ code: 'NOT_FOUND' });
  expect((await chp.run(['tenant', 'apply'])).code).toBe(2);
  expect((await chp.run(['tenant', 'apply', 'smith', '--all'])).code).toBe(2);
  expect((await chp.run(['tenant', 'apply', '--selector', 'ring=nobody'])).code).toBe(3);
});
