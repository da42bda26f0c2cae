import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentClient } from '../../src/adapters/agent/client.ts';
import type { CheckResult } from '../../src/core/agent-protocol.ts';
import { packagePath } from '../../src/core/package-root.ts';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { Chp } from '../support/chp.ts';
import { dockerTransport } from '../support/docker-transport.ts';
import { watchJournal } from '../support/journal-watch.ts';
import { startModel, type TestModel } from '../support/model.ts';
import { testBundle } from '../support/runtime-bundle.ts';
import { addVersion, versionsCache, type Wrong } from '../support/versions.ts';

/** Upgrades of one tenant on a real systemd host with the real gateway: what goes wrong is taken back there. */
const SESSION = 'agent:main:chp:family';
const OLD = 'clawdbot@2026.1.24-3';
const REFUSING = 'refuses the config';
let hosts: TestHosts;
let host: TestHost;
let model: TestModel;
let chp: Chp;
let cache: string;
let agent: AgentClient;
let first: string;

beforeAll(async () => {
  hosts = await startHosts(1);
  host = hosts.hosts[0] as TestHost;
  cache = await versionsCache();
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig, CHP_CACHE: cache });
  const gate = (await host.exec('sh', '-c', "ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p'")).stdout.trim();
  model = await startModel(
    ({ text }) => ({ say: 'hello', ...(text.includes('slowly') ? { afterMs: 20_000 } : {}) }),
    gate,
  );
  const document = [
    'schema: 1',
    'name: smith',
    'topology: hub',
    `host: ${host.alias}`,
    '# The family likes it as it is.',
    `runtime: ${OLD} # proven`,
    `model: { provider: openai-compatible, baseUrl: "${model.url}", id: ${model.id} }`,
    'skills: [{ name: household, source: "builtin:household" }]',
    '',
  ].join('\n');
  await chp.json(['tenant', 'create', '-f', '-', '--accept-new'], { input: document });
  const { node } = await testBundle();
  agent = new AgentClient(dockerTransport(host.id), { root: '/var/lib/chp', nodeTree: node.digest, asRoot: false });
  await turn('Remember the blue bicycle.');
  first = await current();
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
  if (cache) rmSync(cache, { recursive: true, force: true });
});

async function turn(message: string): Promise<string> {
  const params = {
    message,
    agentId: 'main',
    sessionKey: SESSION,
    idempotencyKey: randomUUID(),
    deliver: false,
    timeout: 60,
  };
  const run = (await agent.gateway('smith', 'agent', params)) as { result?: { payloads?: { text?: string }[] } };
  return run.result?.payloads?.[0]?.text ?? '';
}
const current = async (): Promise<string> => (await agent.status('smith')).current ?? '';
const history = async (): Promise<string> =>
  JSON.stringify(await agent.gateway('smith', 'chat.history', { sessionKey: SESSION, limit: 50 }));

/** What ran before answers a turn, and knows what it knew. */
async function asBefore(): Promise<void> {
  const status = await agent.status('smith');
  expect(status).toMatchObject({ current: first, interrupted: null, drift: { config: [], files: [] } });
  expect(await turn('Are you there?')).toBe('hello');
  expect(await history()).toContain('blue bicycle');
  const { stdout } = await chp.run(['tenant', 'export', 'smith']);
  expect(stdout).toContain(`runtime: ${OLD} # proven`);
  expect((await chp.json(['tenant', 'show', 'smith'])).record.generation).toBe(first);
}

const guide = [...readFileSync(packagePath('docs', 'guides', 'upgrade.md'), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block = '']) => block.trim().split('\n'))
  .map((line) => line.split(' ').slice(1));

test('nothing newer is said so, by every command of the guide; a version that can’t be had changes nothing', async () => {
  expect((await chp.json(['upgrade', 'smith'])).outcome).toBe('nothing-to-do');
  for (const argv of guide) {
    const ended = await chp.run(argv, { cwd: cache });
    expect(ended.code, `chp ${argv.join(' ')}\n${ended.stdout}\n${ended.stderr}`).toBe(0);
  }
  const error = await chp.json(['upgrade', 'smith', '--to', 'clawdbot@2030.1.1', '--yes'], { code: 2 });
  expect(error).toMatchObject({
    code: 'BAD_INPUT',
    next: expect.arrayContaining([expect.stringContaining('bundle import')]),
  });
});

const failures: [wrong: Wrong, code: string, exit: number, reason: RegExp][] = [
  ['does not start', 'UNHEALTHY', 8, /does not start/],
  ['dies soon', 'UNHEALTHY', 8, /Watched for 8 s/],
  ['can reach no model', 'UNHEALTHY', 8, /A real agent turn/],
  ['is another version', 'UNHEALTHY', 8, /Version that answers: 2026\.1\.1/],
  ['eats memory', 'UNHEALTHY', 8, /Watched for 8 s|ended \d times|A real agent turn|closed the connection/],
  [REFUSING, 'CONFIG_REFUSED', 8, /would refuse/],
  ['migrates the state, and fails', 'UNHEALTHY', 8, /ended \d times/],
];

describe.each(failures)('a version that %s', (wrong, code, exit, reason) => {
  test('is taken back by the host; the old one answers, with its sessions', async () => {
    const version = `2026.2.${failures.findIndex(([name]) => name === wrong) + 1}`;
    await addVersion(cache, version, wrong);
    const to = ['upgrade', 'smith', '--to', `clawdbot@${version}`, '--soak', '8', '--yes'];
    const error = await chp.json(to, { code: exit });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(reason);
    await asBefore();
  });
});

/** The tenant's `tenant.yaml`, as it is registered. */
const document = async (): Promise<string> => (await chp.run(['tenant', 'export', 'smith'])).stdout;
const until = (look: () => Promise<boolean>) => expect.poll(look, { timeout: 120_000, interval: 500 }).toBe(true);

test('rehearsed on a copy: it would answer and know all, and nothing of the tenant is touched', async () => {
  await addVersion(cache, '2026.3.0', 'nothing');
  const before = await agent.status('smith');
  const rehearsed = await chp.json(['upgrade', 'smith', '--to', 'clawdbot@2026.3.0', '--rehearse']);
  const verdicts = Object.fromEntries(rehearsed.checks.map(({ id, verdict }: CheckResult) => [id, verdict]));
  expect(verdicts).toMatchObject({ 'gateway.version': 'pass', 'agent.turn': 'pass', 'state.kept': 'pass' });
  expect(rehearsed.promoted).toBeNull();
  const after = await agent.status('smith');
  expect(after).toMatchObject({ current: first, interrupted: null, drift: { config: [], files: [] } });
  expect(after.services).toEqual(before.services);
  expect(await history()).toContain('blue bicycle');
  const { stdout } = await host.exec('sh', '-c', 'ls -A /var/lib/chp/tenants/smith/tmp; mount | grep -c tenants/smith');
  expect(stdout).not.toContain('rehearsal');
  expect(stdout.trim().split('\n').at(-1)).toBe('0');
});

test('what was approved is what runs: planned, drained, watched, recorded once', async () => {
  await addVersion(cache, '2026.3.1', 'nothing');
  const file = join(cache, 'plan.json');
  const plan = await chp.json(['upgrade', 'smith', '--to', 'clawdbot@2026.3.1', '--dry-run', '--plan-file', file]);
  expect(plan).toMatchObject({
    empty: false,
    runtime: { from: OLD, to: 'clawdbot@2026.3.1' },
    services: ['gateway'],
    releaseNotes: ['## 2026.3.1', '', '- Better in every way.'],
    refused: null,
  });
  expect(plan.checks.map(({ id, verdict }: CheckResult) => [id, verdict])).toEqual([
    ['host.disk', 'pass'],
    ['host.memory', 'pass'],
    ['config.accepted', 'pass'],
    ['current.healthy', 'pass'],
  ]);
  expect(await current()).toBe(first);
  // What the others go on running from stays on the host.
  await agent.pin('smith', first, true);
  const refused = await chp.json(['upgrade', 'smith', '--to', 'clawdbot@2026.3.1'], { code: 2 });
  expect(refused.next).toEqual(['Say --yes when it is meant.']);

  let slow: Promise<string> | undefined;
  await using watch = await watchJournal(host, 'smith', 'staged', () => {
    slow = turn('Answer slowly.');
  });
  await chp.json(['upgrade', 'smith', '--plan-file', file, '--packs'], { code: 2 });
  const done = await chp.json(['upgrade', 'smith', '--plan-file', file, '--soak', '3']);
  expect(watch.seen()).toBe(true);
  expect(await slow).toBe('hello');
  expect(done).toMatchObject({
    outcome: 'upgraded',
    from: { runtime: OLD, generation: first, number: 1 },
    to: { runtime: 'clawdbot@2026.3.1', generation: plan.generation },
    soakS: 3,
    change: { cutTurns: 0, warmMs: expect.any(Number), awayMs: expect.any(Number), notes: [] },
  });
  const verdicts = Object.fromEntries(done.checks.map(({ id, verdict }: CheckResult) => [id, verdict]));
  expect(verdicts).toMatchObject({
    'agent.turn': 'pass',
    'gateway.version': 'pass',
    'state.kept': 'pass',
    soak: 'pass',
  });
  expect(await document()).toContain('runtime: clawdbot@2026.3.1 # proven');
  expect(await history()).toContain('blue bicycle');

  const again = await chp.json(['upgrade', 'smith', '--plan-file', file]);
  expect(again).toMatchObject({ outcome: 'already-done', audit: done.audit, to: done.to });
  const entries = await chp.json(['audit', 'list', '--tenant', 'smith']);
  const entry = entries.find(({ seq }: { seq: number }) => seq === done.audit[0]);
  expect(entry).toMatchObject({ action: 'tenant.upgrade', details: { outcome: 'done', to: 'clawdbot@2026.3.1' } });
});

test('a plan that does not fit any more is refused', async () => {
  await addVersion(cache, '2026.3.2', 'nothing');
  const file = join(cache, 'stale.json');
  await chp.json(['upgrade', 'smith', '--to', 'clawdbot@2026.3.2', '--dry-run', '--plan-file', file]);
  await chp.json(['config', 'set', 'smith', 'messages.messagePrefix', 'Smith', '--stage']);
  const error = await chp.json(['upgrade', 'smith', '--plan-file', file], { code: 4 });
  expect(error).toMatchObject({ code: 'CONFLICT', why: expect.stringContaining('the document') });
});

test('kill -9 of chp in the middle: the host goes back; the same command then does it, once', async () => {
  const command = ['upgrade', 'smith', '--to', 'clawdbot@2026.3.2', '--yes', '--job-id', 'nightly-7'];
  const before = await current();
  const cut = chp.start([...command, '--soak', '600']);
  await using _watch = await watchJournal(host, 'smith', 'restarted', () => void cut.kill('SIGKILL'));
  await new Promise((resolve) => cut.once('close', resolve));
  await until(async () => (await agent.status('smith')).interrupted === null);
  expect(await current()).toBe(before);
  expect(await turn('Are you there?')).toBe('hello');
  expect(await document()).toContain('runtime: clawdbot@2026.3.1 # proven');

  const done = await chp.json([...command, '--soak', '0']);
  expect(done).toMatchObject({ outcome: 'upgraded', job: 'nightly-7', to: { runtime: 'clawdbot@2026.3.2' } });
  expect((await chp.json([...command, '--soak', '0'])).outcome).toBe('already-done');
});

test('two operators at once: one upgrade, and both are told what runs', async () => {
  await addVersion(cache, '2026.3.3', 'nothing');
  const command = ['upgrade', 'smith', '--to', 'clawdbot@2026.3.3', '--yes', '--soak', '0'];
  const both = await Promise.all([chp.json(command), chp.json(command)]);
  expect(both.filter(({ change }) => change !== null)).toHaveLength(1);
  for (const { to } of both) expect(to.runtime).toBe('clawdbot@2026.3.3');
  expect(await history()).toContain('blue bicycle');
  expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
});
