import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { approve, pack, sms, tell, unlock } from './packs.ts';
import { startWorld, type World } from './world.ts';

const door = pack(
  [
    { id: 'ask', ...approve({ quorum: 2, expires: '1h' }) },
    { id: 'open', ...unlock },
    {
      id: 'record',
      uses: 'audit',
      with: {
        event: 'door.unlocked',
        actor: '${{ steps.ask.output.by[0] }}',
        details: { envelope: '${{ steps.ask.output.envelope }}' },
      },
    },
  ],
  { id: 'door' },
);
const quick = pack(
  [
    { id: 'ask', ...approve({ expires: '2s' }) },
    { id: 'open', ...unlock },
  ],
  { id: 'quick' },
);
const plain = pack([{ id: 'sms', ...sms('hello') }], { id: 'plain' });
const outer = pack([{ id: 'inner', uses: 'pack.run', with: { pack: 'plain' } }], {
  id: 'outer',
  requires: { packs: ['plain', 'missing'] },
  outputs: { inner: '${{ steps.inner.output.status }}' },
});
const lost = pack([{ id: 'inner', uses: 'pack.run', with: { pack: 'missing' } }], {
  id: 'lost',
  requires: { packs: ['missing'] },
});
const waiting = (version: string) =>
  pack(
    [
      { id: 'nap', wait: { for: '3s' } },
      { id: 'tell', ...tell(`I am ${version}`) },
    ],
    {
      id: 'waiting',
      version,
      outputs: { version },
    },
  );
const installed = [door, quick, plain, outer, lost, waiting('1.0.0')];

let world: World;
const tenants = (packs = installed) => [
  { connectors: world.connectors, compiled: packs.map((each) => ({ pack: each })) },
  { name: 'jones', connectors: world.connectors, compiled: [{ pack: plain }] },
];
beforeAll(async () => {
  world = await startWorld((connectors) => [
    { connectors, compiled: installed.map((each) => ({ pack: each })) },
    { name: 'jones', connectors, compiled: [{ pack: plain }] },
  ]);
  await world.worker.start();
});
afterAll(() => world?.[Symbol.asyncDispose]());
beforeEach(() => {
  world.twilio.messages.length = 0;
  world.home.set('lock.front_door', 'locked');
});

const call = (method: Parameters<World['worker']['call']>[0], params: object = {}) =>
  world.worker.call(method, { tenant: 'smith', ...params });
const run = async (name: string) => (await call('run', { pack: name, by: 'ana' })).run as string;
const runToEnd = (name: string, more: object = {}) => call('run', { pack: name, by: 'ana', wait: true, ...more });
const end = (id: string) => expect.poll(() => call('describe', { run: id }), { timeout: 60_000, interval: 100 });
const envelopeOf = async (id: string) => {
  await expect.poll(() => call('inbox', { open: true })).toContainEqual(expect.objectContaining({ run: id }));
  return (await call('inbox', { open: true })).find((envelope: { run: string }) => envelope.run === id).id as string;
};

test('two must say yes; who answers twice counts once; then the door opens once, and the audit trail says who', async () => {
  const id = await run('door');
  const envelope = await envelopeOf(id);
  const decide = (by: string, verdict = 'approve') => call('decide', { envelope, by, verdict });
  await expect(decide('cleo')).rejects.toMatchObject({ code: 'BAD_INPUT', message: 'cleo is not asked' });
  await expect(decide('ana', 'acknowledge')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  expect(await decide('ana')).toEqual({ state: 'open' });
  expect(await decide('ana')).toEqual({ state: 'open' });
  expect(world.home.state('lock.front_door')).toBe('locked');
  await expect.poll(() => decide('ben').catch((error) => error)).toMatchObject({ code: 'CONFLICT' });
  await end(id).toMatchObject({ status: 'success' });
  expect(world.home.state('lock.front_door')).toBe('unlocked');
  const trail = await call('audit');
  expect(trail.slice(-2)).toMatchObject([
    { event: 'envelope.approved', run: id, details: { envelope, decisions: [{ by: 'ana' }, { by: 'ben' }] } },
    { event: 'door.unlocked', actor: 'ana', run: id, details: { envelope } },
  ]);
  await expect(decide('ben')).rejects.toMatchObject({ code: 'CONFLICT', why: 'It is approved.' });
});

test('a no ends it; an answer that comes too late changes nothing', async () => {
  const denied = await run('door');
  const no = await call('decide', {
    envelope: await envelopeOf(denied),
    by: 'ben',
    verdict: 'deny',
    comment: 'not now',
  });
  expect(no).toEqual({ state: 'denied' });
  await end(denied).toMatchObject({ status: 'blocked', reason: expect.stringContaining('not now') });
  const late = await run('quick');
  const envelope = await envelopeOf(late);
  await end(late).toMatchObject({ status: 'blocked', reason: expect.stringContaining('nobody said yes in time') });
  await expect(call('decide', { envelope, by: 'ana', verdict: 'approve' })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(world.home.state('lock.front_door')).toBe('locked');
});

test('somebody did it by hand: the run ends as manual-override', async () => {
  const id = await run('door');
  await call('decide', { envelope: await envelopeOf(id), by: 'ana', verdict: 'override' });
  await end(id).toMatchObject({ status: 'manual-override' });
});

test('a question whose run was stopped takes no more answers', async () => {
  const id = await run('door');
  const envelope = await envelopeOf(id);
  await call('cancel', { run: id, by: 'ana' });
  await end(id).toMatchObject({ status: 'manual-override' });
  await expect(call('decide', { envelope, by: 'ana', verdict: 'approve' })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('429 with Retry-After is obeyed, then it is done once', async () => {
  world.twilio.fail({ match: /POST .*Messages/, status: 429, headers: { 'retry-after': '2' }, times: 2 });
  const began = Date.now();
  expect(await runToEnd('plain')).toMatchObject({ result: { status: 'success' } });
  expect(Date.now() - began).toBeGreaterThan(3_500);
  expect(world.twilio.messages).toHaveLength(1);
});

test.each([
  ['refused', { status: 400, body: { code: 21211, message: 'no such number' } }, /no such number/],
  ['no answer to an effect', { cut: 'after' as const }, /nobody can tell|may have/],
])('what can’t be mended ends the run with its reason: %s', async (_, fault, reason) => {
  world.twilio.fail({ match: /POST .*Messages/, ...fault });
  const { result } = await runToEnd('plain');
  expect(result).toMatchObject({ status: 'blocked', reason: expect.stringMatching(reason) });
});

test('a pack runs another, which is a run of its own; one that is not installed is said so', async () => {
  const { run: id, result } = await runToEnd('outer');
  expect(result).toMatchObject({ status: 'success', outputs: { inner: 'success' } });
  expect(await call('runs', { pack: 'plain' })).toContainEqual(
    expect.objectContaining({ run: `smith/plain/${id.split('/')[2]}+outer.inner`, trigger: 'pack' }),
  );
  expect(await runToEnd('lost')).toMatchObject({
    result: { status: 'blocked', reason: expect.stringContaining('not installed') },
  });
});

test('a dry run says what it would do, and does nothing', async () => {
  expect(await runToEnd('plain', { dryRun: true })).toMatchObject({
    result: { status: 'success', steps: [{ message: 'dry run' }] },
  });
  expect(world.twilio.messages).toEqual([]);
});

test('a pack that is not installed can be tried: homes are read, effects are said and not done', async () => {
  const read = {
    uses: 'connector.call',
    with: { connector: 'home-assistant', operation: 'get-state', args: { device: 'lock.front_door' } },
  };
  const steps = [
    { id: 'state', ...read },
    { id: 'ask', ...approve() },
    { id: 'open', ...unlock },
    { id: 'nap', wait: { for: '1d' } },
  ];
  const inputs = { who: { type: 'member' as const, description: 'Who is told.' } };
  const trial = pack([...steps, { id: 'say', ...tell('It is ${{ steps.state.output.state }}', '${{ inputs.who }}') }], {
    id: 'trial',
    inputs,
  });
  const { result } = await call('try', { pack: trial, inputs: { who: 'ben' }, by: 'ana' });
  expect(result).toMatchObject({
    status: 'success',
    planned: [
      { path: 'ask', verb: 'approve', with: { ask: ['ana', 'ben'] } },
      { path: 'open', verb: 'device.call', with: { operation: 'unlock', args: { device: 'lock.front_door' } } },
      { path: 'say', verb: 'notify', with: { to: ['ben'], text: 'It is locked' } },
    ],
  });
  expect(world.home.state('lock.front_door')).toBe('locked');
  expect(await call('messages', {})).not.toContainEqual(expect.objectContaining({ text: 'It is locked' }));
  await expect(call('try', { pack: trial, by: 'ana' })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('who'),
  });
  const forged = { ...trial, steps: [] };
  await expect(call('try', { pack: forged, by: 'ana' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(call('try', { pack: { ...trial, version: '9.9.9' }, by: 'ana' })).rejects.toMatchObject({
    message: expect.stringContaining('digest'),
  });
});

test('a run keeps the pack that it began with, while that is upgraded and when it is removed', async () => {
  const first = await run('waiting');
  await world.worker.configure(tenants([...installed.filter(({ id }) => id !== 'waiting'), waiting('2.0.0')]));
  await call('reload');
  const second = await run('waiting');
  await world.worker.configure(tenants(installed.filter(({ id }) => id !== 'waiting')));
  await call('reload');
  await expect(run('waiting')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await end(first).toMatchObject({ status: 'success', version: '1.0.0' });
  await end(second).toMatchObject({ status: 'success', version: '2.0.0' });
  await world.worker.configure(tenants());
  await call('reload');
});

test('tenants see and reach nothing of each other', async () => {
  const { run: id } = await runToEnd('plain');
  const jones = (method: 'describe' | 'cancel' | 'runs', params: object) =>
    world.worker.call(method, { tenant: 'jones', ...params });
  await expect(jones('describe', { run: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(jones('cancel', { run: id, by: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await jones('runs', {})).every(({ tenant }: { tenant: string }) => tenant === 'jones')).toBe(true);
  await expect(world.worker.call('runs', {})).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

test('whoever reaches the server can’t start a run of their own making', async () => {
  const connection = await NativeConnection.connect({ address: world.temporal.address });
  const stranger = new Client({ connection });
  const handle = await stranger.workflow.start('runPack', {
    workflowId: 'smith/plain/forged',
    taskQueue: 'chp-smith',
    args: [
      {
        tenant: { name: 'smith', timezone: 'UTC', members: [] },
        pack: plain,
        inputs: {},
        trigger: { kind: 'manual', by: 'x', payload: null },
      },
    ],
  });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(world.twilio.messages).toEqual([]);
  await handle.terminate();
  await connection.close();
});
