import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { destroyHub, exportState, previewHub, readHub, upHub } from '../../../src/stacks/run/hub.ts';
import { HubStack } from '../../support/hub-stack.ts';

let hub: HubStack;
let fifo: string;

beforeEach(async () => {
  hub = await HubStack.create();
  // A host that never ends: nobody writes into it.
  fifo = join(hub.dir, 'never');
  await promisify(execFile)('mkfifo', [fifo]);
});
afterEach(() => hub[Symbol.asyncDispose]());

const quiet = () => {};

interface Proc {
  pid: number;
  parent: number;
  args: string;
}

/** Processes that have this test's folder in their environment. */
async function processes(): Promise<Proc[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,args=']);
  const all = stdout.split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line));
  const found: Proc[] = [];
  for (const [, pid, parent, args] of all.filter((match) => match !== null)) {
    const env = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (env.includes(`CHP_HOME=${hub.options.home.dir}`))
      found.push({ pid: Number(pid), parent: Number(parent), args: args ?? '' });
  }
  return found;
}

async function until<T>(look: () => Promise<T | undefined>, ms = 60_000): Promise<T> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
    const seen = await look();
    if (seen) return seen;
  }
  throw new Error(`not seen within ${ms} ms`);
}

const engineOf = async () => (await processes()).find(({ args }) => / up /.test(args));

/** An `up` that stands still in the middle of making the host. */
async function stuckUp(): Promise<{ ended: Promise<unknown>; engine: Proc }> {
  let reached = quiet;
  const there = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const ended = upHub(
    { ...hub.args, nodeArchive: fifo },
    hub.options,
    (line) => line.endsWith(' host') && reached(),
  ).catch((error) => error);
  await Promise.race([there, ended.then((error) => Promise.reject(error))]);
  await until(async () => existsSync(hub.path('tenants', 'demo', 'state')) || undefined);
  return { ended, engine: await until(engineOf) };
}

test('engine killed in the middle of up: nothing lives on, and the next up finishes', async () => {
  const { ended, engine } = await stuckUp();
  process.kill(engine.pid, 'SIGKILL');
  expect(await ended).toMatchObject({ code: 'ENGINE_FAILED' });
  await until(async () => (await processes()).length === 0 || undefined, 10_000);
  const { deployment } = JSON.parse((await exportState('demo', hub.options)) ?? '');
  expect(deployment.pending_operations).toHaveLength(1);

  const identity = await upHub(hub.args, hub.options, quiet);
  expect(hub.notes).toEqual([
    expect.stringContaining(`pid ${engine.pid}`),
    'An earlier run was cut while creating host; it is done again.',
  ]);
  expect(await readFile(hub.path('tenants', 'demo', 'keys', 'signing.pub'), 'utf8')).toBe(identity.signingPublicKey);
  expect(JSON.parse((await exportState('demo', hub.options)) ?? '').deployment.pending_operations ?? []).toEqual([]);
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
});

test('engine killed in the middle of the first up, then destroy: the host is as it was', async () => {
  const { ended, engine } = await stuckUp();
  process.kill(engine.pid, 'SIGKILL');
  await ended;
  expect(existsSync(hub.args.root)).toBe(true);
  await destroyHub('demo', hub.options);
  expect(existsSync(hub.args.root)).toBe(false);
  expect(await exportState('demo', hub.options)).toBeNull();
});

test('the provider killed in the middle of up: told as such, and the next up finishes', async () => {
  const { ended, engine } = await stuckUp();
  const provider = await until(async () => (await processes()).find(({ parent }) => parent === engine.pid));
  process.kill(provider.pid, 'SIGKILL');
  expect(await ended).toMatchObject({ code: 'ENGINE_FAILED' });
  await upHub(hub.args, hub.options, quiet);
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
});

test('an up that is stopped gives the state back in order, although the host never answers', async () => {
  const stop = new AbortController();
  const options = { ...hub.options, signal: stop.signal };
  let reached = quiet;
  const there = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const ended = upHub({ ...hub.args, nodeArchive: fifo }, options, (line) => line.endsWith(' host') && reached()).catch(
    (error) => error,
  );
  await there;
  stop.abort();
  expect(await ended).toMatchObject({ code: 'INTERRUPTED' });
  await until(async () => (await processes()).length === 0 || undefined, 10_000);
  await upHub(hub.args, hub.options, quiet);
});

test('a host that fails in the middle of up is in the state: the next up goes on, destroy removes it', async () => {
  const missing = { ...hub.args, nodeArchive: join(hub.dir, 'missing.tar.zst') };
  await expect(upHub(missing, hub.options, quiet)).rejects.toMatchObject({
    message: expect.stringContaining('missing'),
  });
  expect(await previewHub(hub.args, hub.options)).toMatchObject([{ resource: 'chp:index:Host::host', op: 'update' }]);
  await destroyHub('demo', hub.options);
  expect(existsSync(hub.args.root)).toBe(false);
});

test('a second process waits, then names who holds the state', async () => {
  const { ended, engine } = await stuckUp();
  const notes: string[] = [];
  const options = { ...hub.options, waitMs: 1_500, note: (text: string) => notes.push(text) };
  await expect(upHub(hub.args, options, quiet)).rejects.toMatchObject({
    code: 'LOCKED',
    why: expect.stringContaining(`on ${hostname()} (pid ${engine.pid})`),
  });
  expect(notes).toEqual([expect.stringMatching(/^Waiting: It is held by /)]);
  expect(await readHub('demo', hub.options)).toBeNull();
  process.kill(engine.pid, 'SIGKILL');
  await ended;
});

test('two processes at once: both end well, one after the other, with one identity', async () => {
  const script = join(hub.dir, 'up.mjs');
  await writeFile(
    script,
    `import { upHub } from ${JSON.stringify(new URL('../../../src/stacks/run/hub.ts', import.meta.url).href)};
     const { args, options } = JSON.parse(process.argv[2]);
     const identity = await upHub(args, { ...options, env: process.env, signal: AbortSignal.timeout(90000) }, () => {});
     console.log(identity.ageRecipient);
     process.exit();`,
  );
  const { home, engine, env } = hub.options;
  const given = JSON.stringify({ args: hub.args, options: { home, engine } });
  const run = () =>
    promisify(execFile)(process.execPath, ['--no-warnings', script, given], { env }).then(({ stdout }) =>
      stdout.trim(),
    );
  const [first, second] = await Promise.all([run(), run()]);
  expect(first).toMatch(/^age1/);
  expect(second).toBe(first);
});

test('chp itself killed in the middle of up: the engine comes to its end, and the next up finishes', async () => {
  const script = join(hub.dir, 'up.mjs');
  await writeFile(
    script,
    `import { upHub } from ${JSON.stringify(new URL('../../../src/stacks/run/hub.ts', import.meta.url).href)};
     const { args, options } = JSON.parse(process.argv[2]);
     await upHub(args, { ...options, env: process.env, signal: AbortSignal.timeout(90000) }, (line) => console.log(line));`,
  );
  const { home, engine, env } = hub.options;
  const child = spawn(
    process.execPath,
    ['--no-warnings', script, JSON.stringify({ args: hub.args, options: { home, engine } })],
    {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  await until(async () => said.includes('create identity') || undefined);
  child.kill('SIGKILL');
  await upHub(hub.args, hub.options, quiet);
  expect(await previewHub(hub.args, hub.options)).toEqual([]);
  await until(async () => (await processes()).length === 0 || undefined, 10_000);
});

test('a wrong passphrase and a damaged state are told as such', async () => {
  await upHub(hub.args, hub.options, quiet);
  const wrong = { ...hub.options, env: { ...hub.options.env, CHP_PASSPHRASE: 'not the right one' } };
  await expect(readHub('demo', wrong)).rejects.toMatchObject({
    message: expect.stringContaining("can't be decrypted"),
  });
  await expect(upHub(hub.args, wrong, quiet)).rejects.toMatchObject({
    message: expect.stringContaining("can't be decrypted"),
  });

  const whole = await readFile(hub.stateFile, 'utf8');
  await writeFile(hub.stateFile, whole.slice(0, whole.length / 2));
  await expect(upHub(hub.args, hub.options, quiet)).rejects.toMatchObject({ code: 'INTEGRITY' });
  await writeFile(hub.stateFile, whole);
  await upHub(hub.args, hub.options, quiet);
});

test("what the operator has set for Pulumi stacks of their own doesn't reach ours", async () => {
  const other = join(hub.dir, 'other');
  await mkdir(other);
  const env = {
    ...hub.options.env,
    PULUMI_BACKEND_URL: `file://${other}`,
    PULUMI_CONFIG_PASSPHRASE: 'theirs',
    PULUMI_STACK: 'theirs',
  };
  await upHub(hub.args, { ...hub.options, env }, quiet);
  expect(existsSync(join(other, '.pulumi'))).toBe(false);
  expect(await readHub('demo', hub.options)).not.toBeNull();

  // The state is wherever CHP_PULUMI_BACKEND_URL says.
  const elsewhere = { ...env, CHP_PULUMI_BACKEND_URL: `file://${other}` };
  expect(await readHub('demo', { ...hub.options, env: elsewhere })).toBeNull();
  await rm(dirname(hub.stateFile), { recursive: true });
});
