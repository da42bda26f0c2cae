import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { GatewayAgent } from '../../../src/services/worker/agent.ts';
import { AgentSessions } from '../../../src/services/worker/agent-sessions.ts';
import { openState } from '../../../src/services/worker/state.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startModel, type TestModel } from '../../support/model.ts';

let dir = '';
let model: TestModel;
let gateway: TestGateway;
let agent: GatewayAgent;
const state = () => openState(join(dir, 'automation'));
const newAgent = (restartMs?: number) =>
  new GatewayAgent(
    { port: gateway.port, token: gateway.token, agent: 'main', ...(restartMs === undefined ? {} : { restartMs }) },
    new AgentSessions(state(), 'smith'),
  );
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chp-agent-'));
  model = await startModel(() => ({ say: 'hello' }));
  gateway = await startGateway(dir, model);
  agent = newAgent();
});
afterAll(async () => {
  await agent?.close();
  await gateway?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});
let turn = 0;
beforeEach(() => {
  turn++;
  model.answer = () => ({ say: 'hello' });
  model.requests.length = 0;
});

const ask = (
  more: {
    session?: string;
    key?: string;
    prompt?: string;
    timeoutMs?: number;
    signal?: AbortSignal;
    by?: GatewayAgent;
  } = {},
) =>
  (more.by ?? agent).ask(
    {
      prompt: more.prompt ?? 'Say hello.',
      guidance: 'Before you answer, read and follow this skill: mental-load.',
      session: more.session ?? `smith/brief/${turn}/ask`,
      timeoutMs: more.timeoutMs ?? 20_000,
    },
    { key: more.key ?? `smith/brief/${turn}/ask`, signal: more.signal ?? new AbortController().signal },
  );

test('a turn: what is asked and the guidance reach the model, its answer comes back', async () => {
  expect(await ask({ prompt: 'What is for dinner?' })).toEqual({ text: 'hello' });
  expect(model.requests).toHaveLength(1);
  expect(model.requests[0]?.text).toContain('What is for dinner?');
  expect(model.requests[0]?.text).toContain('follow this skill: mental-load');
});

test('the same key is the same turn: answered again, or waited for by another process', async () => {
  model.answer = () => ({ say: 'slowly', afterMs: 1_500 });
  const first = ask();
  await expect.poll(() => model.requests.length).toBe(1);
  const other = newAgent();
  expect(await Promise.all([first, ask({ by: other })])).toEqual([{ text: 'slowly' }, { text: 'slowly' }]);
  expect(await ask({ by: other })).toEqual({ text: 'slowly' });
  await other.close();
  expect(model.requests).toHaveLength(1);
});

test('one session is one conversation; another one knows nothing of it', async () => {
  await ask({ prompt: 'The word is swordfish.', session: 's', key: 'k1' });
  await ask({ prompt: 'Again?', session: 's', key: 'k2' });
  await ask({ prompt: 'Again?', session: 'other', key: 'k3' });
  expect(model.requests.map(({ text }) => text.includes('swordfish'))).toEqual([true, true, false]);
});

test('a model that fails is told, although the gateway says ok; the next attempt is a new turn', async () => {
  model.answer = () => ({ status: 400 });
  await expect(ask()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('the model failed'),
  });
  model.answer = () => ({ say: 'better' });
  expect(await ask()).toEqual({ text: 'better' });
});

test('a model that never answers ends at the deadline', async () => {
  model.answer = () => 'hang';
  await expect(ask({ timeoutMs: 3_000 })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/did not answer|no answer/),
  });
});

test('who stops a turn stops it in the gateway, too', async () => {
  model.answer = () => 'hang';
  const stop = new AbortController();
  const asked = ask({ signal: stop.signal }).catch((error: Error) => error);
  await expect.poll(() => model.requests.length).toBe(1);
  stop.abort();
  expect(await Promise.race([asked, sleep(10_000)])).toBeInstanceOf(Error);
});

test('a gateway that restarts is waited for, by a turn that it cut, too; one that stays away is said so', async () => {
  model.answer = () => 'hang';
  const cut = ask().catch((error: Error) => error);
  await expect.poll(() => model.requests.length).toBe(1);
  await gateway.kill();
  expect(await cut).toMatchObject({ kind: 'unavailable' });
  await expect(ask({ by: newAgent(300) })).rejects.toMatchObject({ kind: 'unavailable' });
  model.answer = () => ({ say: 'back again' });
  const again = ask();
  await sleep(1_000);
  await gateway.start();
  expect(await again).toEqual({ text: 'back again' });
});

test('sessions that are done with are deleted, also those of a process before', async () => {
  await ask({ session: 'left behind' });
  const keys = async () =>
    ((await gateway.call('sessions.list', {})) as { sessions: { key: string }[] }).sessions.filter(({ key }) =>
      key.includes(':chp:'),
    );
  expect((await keys()).length).toBeGreaterThan(0);
  const next = newAgent();
  await next.sweep();
  expect((await keys()).length).toBeGreaterThan(0);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * 60_000 });
  await next.sweep();
  vi.useRealTimers();
  expect(await keys()).toEqual([]);
  await next.close();
});
