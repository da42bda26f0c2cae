import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packagePath } from '../../../src/core/package-root.ts';
import { Chp } from '../../support/chp.ts';
import { until } from '../host-agent/support.ts';

/** The tutorial, run from its text on a tenant of this machine: gateway, Temporal and worker are the real ones. */
const chp = new Chp();
const cwd = mkdtempSync(join(tmpdir(), 'chp-tutorial-'));
const commands = [...readFileSync(packagePath('docs', 'tutorial-packs.md'), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block = '']) => block.trim().split('\n'))
  .map((line) => line.split(' ').slice(1));

beforeAll(async () => {
  await chp.json(['tenant', 'create', 'demo', '--host', 'local', '--model', 'demo']);
  await chp.json(['member', 'add', 'demo', 'ana', '--name', 'Ana', '--role', 'Adult']);
});
afterAll(async () => {
  await chp.run(['tenant', 'destroy', 'demo', '--yes']);
  chp.cleanUp();
  rmSync(cwd, { recursive: true });
});

test('it has commands for each of its parts', () => {
  for (const verb of ['init', 'lint', 'test', 'publish', 'install', 'run', 'history'])
    expect(commands.some((argv) => argv[1] === verb)).toBe(true);
});

test.each(commands)('chp %s %s %s', { timeout: 300_000 }, async (...argv) => {
  const ended = await chp.run(argv, { cwd });
  expect(ended.code, `${ended.stdout}\n${ended.stderr}`).toBe(0);
});

test('the demo model gives no answer of the form that is asked for: the run says so, and the history, too', async () => {
  const ended = async () => (await chp.json(['pack', 'history', 'demo', 'bedtime'])) as { status: string }[];
  await until(async () => (await ended()).every(({ status }) => status !== 'running'));
  expect(await ended()).toEqual([
    expect.objectContaining({
      pack: 'bedtime',
      trigger: 'manual',
      status: 'needs-info',
      reason: expect.stringContaining('holds no JSON object'),
    }),
  ]);
}, 120_000);
