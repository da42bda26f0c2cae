import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRegistry } from '../../../src/adapters/registry/open.ts';
import { Chp } from '../../support/chp.ts';
import { freePort } from '../../support/free-port.ts';
import { checkOutput } from '../../support/output-schema.ts';

/** Every command on a real tenant of this machine: what it prints with --json is what schemas/output promises. */
const chp = new Chp();
afterAll(async () => {
  await chp.run(['tenant', 'destroy', 'jo', '--yes']);
  chp.cleanUp();
});

async function ask(args: string[]): Promise<void> {
  const ended = await chp.run([...args, '--json']);
  expect(ended.code, `${ended.stdout}\n${ended.stderr}`).toBe(0);
  checkOutput(args, ended.json);
}

describe('without a tenant', () => {
  test.each([
    [['version']],
    [['tenant', 'list']],
    [['engine', 'list']],
    [['engine', 'install', 'pulumi']],
    [['audit', 'list']],
    [['audit', 'verify']],
    [['audit', 'export']],
    [['bundle', 'build']],
  ])('chp %j', async (args) => {
    await ask(args);
  });
});

describe('with a tenant', () => {
  beforeAll(async () => {
    await ask(['tenant', 'create', 'jo', '--host', 'local', '--model', 'demo', '--port', String(await freePort())]);
  });

  test('of several, the one that can’t be pushed to does not stop the others: exit 12, and both are told', async () => {
    await using registry = await openRegistry(chp.env);
    const { document } = await registry.tenant('jo');
    await registry.createTenant(
      { name: 'half-made', topology: 'hub', host: 'local', document: document.replace('name: jo', 'name: half-made') },
      [],
    );
    const ended = await chp.run(['tenant', 'push', '--all', '--json']);
    expect(ended.code, ended.stderr).toBe(12);
    checkOutput(['tenant', 'push'], ended.json);
    expect(ended.json?.result).toMatchObject({
      failed: 1,
      tenants: [
        { tenant: 'half-made', ok: false, error: { code: 'CONFLICT', next: ['chp tenant apply half-made'] } },
        { tenant: 'jo', ok: true, result: { pushed: { outcome: 'converged' } } },
      ],
    });
    expect((await chp.run(['tenant', 'push', '--all'])).stdout).toContain('1 of 2 failed.');
    expect((await chp.run(['tenant', 'push'])).code).toBe(2);
    expect((await chp.run(['tenant', 'push', 'jo', 'nobody'])).code).toBe(3);
    await registry.removeTenant('half-made');
  });

  test.each([
    [['tenant', 'list']],
    [['tenant', 'show', 'jo']],
    [['tenant', 'plan', 'jo']],
    [['tenant', 'export', 'jo']],
    [['config', 'get', 'jo']],
    [['config', 'diff', 'jo']],
    [['skill', 'list', 'jo']],
    [['member', 'add', 'jo', 'ana', '--name', 'Ana', '--role', 'Adult']],
    [['member', 'list', 'jo']],
    [['member', 'rm', 'jo', 'ana']],
    [['secret', 'list', 'jo']],
    [['pack', 'list', 'jo']],
    [['audit', 'list']],
    [['audit', 'verify']],
    [['audit', 'export']],
    [['tenant', 'push', 'jo']],
    [['tenant', 'apply', 'jo']],
    [['tenant', 'destroy', 'jo', '--yes']],
  ])('chp %j', async (args) => {
    await ask(args);
  });
});

test('a change that is refused before anything is pushed ends at once, and leaves no agent behind', async () => {
  await ask(['tenant', 'create', 'jo', '--host', 'local', '--model', 'demo', '--port', String(await freePort())]);
  const { error } = (await chp.run(['skill', 'add', 'jo', 'builtin:nonsense', '--json'])).json ?? {};
  expect(error?.code).toBe('NOT_FOUND');
  const refused = await chp.run(['pack', 'install', 'jo', 'chores', '--json']);
  expect(refused.json?.error).toMatchObject({
    code: 'BAD_INPUT',
    next: expect.arrayContaining(['chp skill add jo builtin:chores']),
  });
}, 180_000);

test('a schema that nothing promises is found out', () => {
  expect(() => checkOutput(['version'], { ok: true, result: { version: 1 } })).toThrow(
    /result\/version must be string/,
  );
});
