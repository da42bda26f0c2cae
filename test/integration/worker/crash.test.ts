import { afterAll, beforeAll, expect, test } from 'vitest';
import { pack, phone, sms, tell } from './packs.ts';
import { startWorld, type World } from './world.ts';

/** Long enough that a step is under way when it is killed, short enough for a test. */
const packs = [
  pack(
    [
      { id: 'sms', ...sms('once') },
      { id: 'after', ...tell('done') },
    ],
    { id: 'sms' },
  ),
  pack(
    [
      { id: 'call', ...phone },
      { id: 'after', ...tell('done') },
    ],
    { id: 'call' },
  ),
  pack(
    [
      { id: 'tell', ...tell('once') },
      { id: 'nap', wait: { for: '4s' } },
      { id: 'sms', ...sms('later') },
    ],
    { id: 'nap' },
  ),
];

let world: World;
beforeAll(async () => {
  world = await startWorld((connectors) => [{ connectors, compiled: packs.map((each) => ({ pack: each })) }]);
  await world.worker.start();
});
afterAll(() => world?.[Symbol.asyncDispose]());

const ended = (run: string) =>
  expect.poll(() => world.worker.call('describe', { run }), { timeout: 60_000, interval: 200 });
const texts = () => world.twilio.messages.map(({ body }) => body);

test.each(['effect-begun', 'effect-done'])(
  'killed at %s of an effect that can’t be repeated: it happens at most once, and the run says that nobody can tell',
  async (failpoint) => {
    const { worker, twilio } = world;
    await worker.kill('SIGKILL');
    twilio.messages.length = 0;
    await worker.start(failpoint);
    const { run } = await worker.call('run', { pack: 'sms', by: 'ana' });
    await worker.died();
    await worker.start();
    await ended(run).toMatchObject({ status: 'blocked', reason: expect.stringMatching(/nobody can tell/) });
    expect(texts()).toEqual(failpoint === 'effect-done' ? ['once'] : []);
  },
);

test.each(['effect-begun', 'effect-done'])(
  'killed at %s of an effect that can be found again: it happens once, and the run goes on',
  async (failpoint) => {
    const { worker, twilio } = world;
    await worker.kill('SIGKILL');
    twilio.calls.length = 0;
    await worker.start(failpoint);
    const { run } = await worker.call('run', { pack: 'call', by: 'ana' });
    await worker.died();
    await worker.start();
    await ended(run).toMatchObject({ status: 'success' });
    expect(twilio.calls).toHaveLength(1);
  },
);

test('killed while it waits: the run goes on where it was, and nothing is said twice', async () => {
  const { worker, twilio } = world;
  twilio.messages.length = 0;
  const { run } = await worker.call('run', { pack: 'nap', by: 'ana' });
  await expect
    .poll(() => worker.call('describe', { run }))
    .toMatchObject({ steps: [{ path: 'tell', status: 'success' }] });
  await worker.kill('SIGKILL');
  await worker.start();
  await ended(run).toMatchObject({ status: 'success', steps: [{ path: 'tell' }, { path: 'nap' }, { path: 'sms' }] });
  expect(texts()).toEqual(['later']);
});

test('Temporal is killed and started again from its file: runs go on, and new ones begin', async () => {
  const { worker, temporal, twilio } = world;
  twilio.messages.length = 0;
  const { run } = await worker.call('run', { pack: 'nap', by: 'ana' });
  await expect.poll(() => worker.call('describe', { run })).toMatchObject({ steps: [{ path: 'tell' }] });
  await temporal.kill();
  expect(await worker.call('health')).toMatchObject({ temporal: { ok: false } });
  await temporal.start();
  await ended(run).toMatchObject({ status: 'success' });
  await expect.poll(() => worker.call('health')).toMatchObject({ temporal: { ok: true } });
  expect(await worker.call('run', { pack: 'sms', by: 'ana', wait: true })).toMatchObject({
    result: { status: 'success' },
  });
  expect(texts()).toEqual(['once', 'later']);
});

test('SIGTERM in the middle of an effect: it ends, and is known to the next worker', async () => {
  const { worker, twilio } = world;
  twilio.messages.length = 0;
  twilio.fail({ match: /POST .*Messages/, delayMs: 2_000 });
  const { run } = await worker.call('run', { pack: 'sms', by: 'ana' });
  await expect.poll(texts).toEqual(['once']);
  await worker.kill('SIGTERM');
  expect(worker.child.exitCode).toBe(0);
  await worker.start();
  await ended(run).toMatchObject({ status: 'success' });
  expect(texts()).toEqual(['once']);
});

test('SIGTERM: nothing new begins, and the next worker goes on', async () => {
  const { worker, twilio } = world;
  twilio.messages.length = 0;
  const { run } = await worker.call('run', { pack: 'nap', by: 'ana' });
  await expect.poll(() => worker.call('describe', { run })).toMatchObject({ steps: [{ path: 'tell' }] });
  await worker.kill('SIGTERM');
  expect(worker.child.exitCode).toBe(0);
  await worker.start();
  await ended(run).toMatchObject({ status: 'success' });
  expect(texts()).toEqual(['later']);
});
