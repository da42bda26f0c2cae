import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentClient } from '../../src/adapters/agent/client.ts';
import { openclaw } from '../../src/adapters/runtimes/openclaw/adapter.ts';
import type { CheckResult } from '../../src/core/agent-protocol.ts';
import { startHosts, type TestHost, type TestHosts } from '../hosts/hosts.ts';
import { Chp } from '../support/chp.ts';
import { dockerTransport } from '../support/docker-transport.ts';
import { startModel, type TestModel } from '../support/model.ts';
import { testBundle } from '../support/runtime-bundle.ts';

/** From clawdbot to its successor and back, with the two real packages on a real systemd host. */
const SESSION = 'agent:main:chp:family';
let hosts: TestHosts;
let host: TestHost;
let model: TestModel;
let chp: Chp;
let agent: AgentClient;
let first: string;

beforeAll(async () => {
  // Built once on a new machine: that takes minutes, and is no part of an upgrade.
  await testBundle(undefined, openclaw);
  hosts = await startHosts(1);
  host = hosts.hosts[0] as TestHost;
  chp = new Chp({ CHP_SSH_CONFIG: hosts.sshConfig });
  const gate = (await host.exec('sh', '-c', "ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p'")).stdout.trim();
  model = await startModel(() => ({ say: 'hello' }), gate);
  const document = [
    'schema: 1',
    'name: smith',
    'topology: hub',
    `host: ${host.alias}`,
    `model: { provider: openai-compatible, baseUrl: "${model.url}", id: ${model.id} }`,
    'skills: [{ name: household, source: "builtin:household" }]',
    '',
  ].join('\n');
  await chp.json(['tenant', 'create', '-f', '-', '--accept-new'], { input: document });
  const { node } = await testBundle();
  agent = new AgentClient(dockerTransport(host.id), { root: '/var/lib/chp', nodeTree: node.digest, asRoot: false });
  await turn(SESSION, 'Remember the blue bicycle.');
  await turn('agent:main:chp:other', 'And the red one.');
  first = (await agent.status('smith')).current ?? '';
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
  await hosts?.[Symbol.asyncDispose]();
  chp?.cleanUp();
});

async function turn(sessionKey: string, message: string): Promise<string> {
  const params = { message, agentId: 'main', sessionKey, idempotencyKey: randomUUID(), deliver: false, timeout: 120 };
  const run = (await agent.gateway('smith', 'agent', params)) as { result?: { payloads?: { text?: string }[] } };
  return run.result?.payloads?.[0]?.text ?? '';
}
const history = async (sessionKey: string): Promise<string> =>
  JSON.stringify(await agent.gateway('smith', 'chat.history', { sessionKey, limit: 50 }));

test('rehearsed on a copy: it would answer and know all, and nothing of the tenant is touched', async () => {
  const before = await agent.status('smith');
  const rehearsed = await chp.json(['upgrade', 'smith', '--to', 'openclaw@2026.9.6', '--rehearse']);
  const verdicts = Object.fromEntries(rehearsed.checks.map(({ id, verdict }: CheckResult) => [id, verdict]));
  expect(verdicts).toMatchObject({ 'gateway.version': 'pass', 'agent.turn': 'pass', 'state.kept': 'pass' });
  expect(rehearsed.promoted).toBeNull();
  const after = await agent.status('smith');
  expect(after).toMatchObject({ current: first, interrupted: null, drift: { config: [], files: [] } });
  expect(after.services).toEqual(before.services);
  expect(await turn(SESSION, 'Are you there?')).toBe('hello');
  const { stdout } = await host.exec('sh', '-c', 'ls -A /var/lib/chp/tenants/smith/tmp; mount | grep -c tenants/smith');
  expect(stdout).not.toContain('rehearsal');
  expect(stdout.trim().split('\n').at(-1)).toBe('0');
});

test('the state is kept, migrated and counted; openclaw answers, and knows what clawdbot knew', async () => {
  const done = await chp.json(['upgrade', 'smith', '--to', 'openclaw@2026.9.6', '--soak', '3', '--yes']);
  expect(done).toMatchObject({
    outcome: 'upgraded',
    from: { runtime: 'clawdbot@2026.1.24-3', generation: first },
    to: { runtime: 'openclaw@2026.9.6' },
    change: { cutTurns: 0, migrateMs: expect.any(Number), awayMs: expect.any(Number) },
  });
  const details = Object.fromEntries(
    done.checks.map(({ id, verdict, detail }: CheckResult) => [id, [verdict, detail]]),
  );
  expect(details).toMatchObject({
    'gateway.version': ['pass', '2026.9.6'],
    'agent.turn': ['pass', expect.stringContaining('hello')],
    'skill.household': ['pass', 'eligible'],
    'state.kept': ['pass', expect.stringMatching(/^2 sessions/)],
  });
  expect(await history(SESSION)).toContain('blue bicycle');
  expect(await turn(SESSION, 'Are you there?')).toBe('hello');
  expect((await chp.json(['tenant', 'plan', 'smith', '--exit-code'])).empty).toBe(true);
  const { configDigest } = await agent.status('smith');
  expect(configDigest.running).toBe(configDigest.file);
});

test('an upgrade back is refused: clawdbot would see nothing of the migrated state', async () => {
  const error = await chp.json(['upgrade', 'smith', '--to', 'clawdbot@2026.1.24-3', '--yes'], { code: 4 });
  expect(error).toMatchObject({ code: 'CONFLICT', next: [expect.stringContaining('chp rollback smith')] });
});

test('gone back to with its state: clawdbot answers, and nothing of before is lost', async () => {
  await chp.json(['rollback', 'smith', '--restore-state', '--yes']);
  expect((await agent.status('smith')).current).toBe(first);
  expect(await history(SESSION)).toContain('blue bicycle');
  expect(await history('agent:main:chp:other')).toContain('red one');
  expect(await turn(SESSION, 'Are you there?')).toBe('hello');
});
