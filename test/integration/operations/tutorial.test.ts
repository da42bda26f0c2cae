import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packagePath } from '../../../src/core/package-root.ts';
import { Chp } from '../../support/chp.ts';
import { freePort } from '../../support/free-port.ts';
import { until } from '../host-agent/support.ts';

/** The tutorial, run from its text on a tenant of this machine: gateway, Temporal and worker are the real ones. */
const chp = new Chp();
const cwd = mkdtempSync(join(tmpdir(), 'chp-tutorial-'));
const commands = [...readFileSync(packagePath('docs', 'tutorial-packs.md'), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block = '']) => block.trim().split('\n'))
  .map((line) => line.split(' ').slice(1));

beforeAll(async () => {
  await chp.json([
    'tenant',
    'create',
    'demo',
    '--host',
    'local',
    '--model',
    'demo',
    '--port',
    String(await freePort()),
  ]);
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

test('a pack that is not installed, tried at the tenant’s: its agent answers, and nobody is told', async () => {
  const tried = await chp.json(['pack', 'test', 'bedtime', '--live', 'demo'], { cwd, code: 8 });
  expect(tried).toMatchObject({ id: 'bedtime', tenant: 'demo', result: { status: 'needs-info', planned: [] } });
  const text = readFileSync(join(cwd, 'bedtime', 'pack.yaml'), 'utf8');
  const plain = text
    .replace(/\n {6}# An answer that does not match[\s\S]*?\n\n/, '\n\n')
    .replaceAll('steps.write.output.message', 'steps.write.output.text');
  writeFileSync(join(cwd, 'bedtime', 'pack.yaml'), plain);
  const { result } = await chp.json(['pack', 'test', 'bedtime', '--live', 'demo'], { cwd });
  const [planned] = result.planned;
  expect(result).toMatchObject({ status: 'success', steps: [{ path: 'write' }, { path: 'tell', message: 'dry run' }] });
  expect(planned).toMatchObject({ path: 'tell', verb: 'notify', with: { to: ['ana'], text: result.outputs.message } });
  expect(result.outputs.message).not.toBe('');
  const shown = await chp.run(['pack', 'test', 'bedtime', '--live', 'demo'], { cwd });
  expect(shown.stdout).toContain('Would have been done');
  expect(await chp.json(['inbox', 'demo', '--all'])).toEqual([]);
}, 180_000);
