import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CompiledPack } from '../../../src/packs/compiled.ts';
import type { PackTrigger } from '../../../src/packs/schema.ts';
import { pack, tell } from './packs.ts';
import { startWorld, type World } from './world.ts';

const scheduled = (id: string, triggers: PackTrigger[], version = '1.0.0') =>
  pack([{ id: 'tell', ...tell('it is time') }], {
    id,
    version,
    triggers,
    inputs: { time: { type: 'time', description: 'When.', default: '06:55' } },
  });
/** Of gRPC. */
const NOT_FOUND = 5;
const change = { spring: lastSunday(2), autumn: lastSunday(9) };
const daily = scheduled('daily', [{ schedule: '${{ inputs.time }}' }]);
const members = scheduled('members', [
  { schedule: '${{ item.role == "Child" ? "07:30" : "06:30" }}', 'for-each': 'members' },
]);
const monthly = scheduled('monthly', [{ schedule: '55 6 1 * *' }, { schedule: '55 6 1 * *', timezone: 'Asia/Tokyo' }]);
/** Half past two, on the day when the clocks are put forward, or back. */
const changing = scheduled('changing', [
  { schedule: `30 2 ${change.spring.getUTCDate()} 3 *` },
  { schedule: `30 2 ${change.autumn.getUTCDate()} 10 *` },
]);

let world: World;
let connection: NativeConnection;
let client: Client;
const tenant = (...packs: { pack: CompiledPack; inputs?: Record<string, unknown>; enabled?: boolean }[]) => [
  { connectors: world.connectors, compiled: packs },
];
const all = () => [daily, members, monthly, changing].map((one) => ({ pack: one }));
beforeAll(async () => {
  world = await startWorld((connectors) => [{ connectors, compiled: all() }]);
  await world.worker.start();
  connection = await NativeConnection.connect({ address: world.temporal.address });
  client = new Client({ connection });
});
afterAll(async () => {
  await connection?.close();
  await world?.[Symbol.asyncDispose]();
});

/** The last Sunday of a month (from 0) that is still to come. */
function lastSunday(month: number): Date {
  const year = new Date().getUTCFullYear();
  for (const candidate of [year, year + 1]) {
    const last = new Date(Date.UTC(candidate, month + 1, 0));
    last.setUTCDate(last.getUTCDate() - last.getUTCDay());
    if (last.getTime() > Date.now() + 86_400_000) return last;
  }
  throw new Error('there is one every year');
}

/** The server's own next times; null where it has no such schedule. What they start is encrypted, and not read here. */
const next = (id: string): Promise<Date[] | null> =>
  connection.workflowService.describeSchedule({ namespace: 'default', scheduleId: `smith/${id}` }).then(
    ({ info }) => (info?.futureActionTimes ?? []).map(({ seconds }) => new Date(Number(seconds) * 1000)),
    (error: { code?: number }) => {
      if (error.code === NOT_FOUND) return null;
      throw error;
    },
  );
const clock = (zone: string) => (at: Date) =>
  at.toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
const clocks = async (id: string, zone = 'Europe/Berlin') => [...new Set((await next(id))?.map(clock(zone)) ?? [])];
const use = async (...packs: Parameters<typeof tenant>) => {
  await world.worker.configure(tenant(...packs));
  await world.worker.call('reload');
};

test('each member has a time of their own', async () => {
  expect(await Promise.all(['ana', 'ben', 'cleo'].map((id) => clocks(`members/at-0-${id}`)))).toEqual([
    ['06:30'],
    ['06:30'],
    ['07:30'],
  ]);
});

test('the hour on the wall stays the same across a change of the clocks, in the zone that is meant', async () => {
  const berlin = (await next('monthly/at-0')) ?? [];
  expect(berlin.map(clock('Europe/Berlin'))).toEqual(Array(10).fill('06:55'));
  expect(new Set(berlin.map(clock('UTC')))).toEqual(new Set(['04:55', '05:55']));
  expect(await clocks('monthly/at-1', 'Asia/Tokyo')).toEqual(['06:55']);
  expect(await clocks('monthly/at-1', 'UTC')).toEqual(['21:55']);
});

test('an hour that is left out never comes, one that comes twice counts once', async () => {
  const day = (at: Date) => at.toISOString().slice(0, 10);
  const spring = (await next('changing/at-0')) ?? [];
  expect(spring.length).toBeGreaterThan(0);
  expect(spring.map(day)).not.toContain(day(change.spring));
  const autumn = (await next('changing/at-1')) ?? [];
  expect(autumn.map(day).filter((one) => one === day(change.autumn))).toHaveLength(1);
});

test('packs that are changed, switched off, removed and added: the server has what they say, and nothing else', async () => {
  const ids = ['daily/at-0', 'members/at-0-ana', 'monthly/at-0', 'monthly/at-1', 'late/at-0'];
  const there = () => Promise.all(ids.map((id) => clocks(id)));
  expect(await there()).toMatchObject([['06:55'], ['06:30'], ['06:55'], [expect.any(String), expect.any(String)], []]);
  const late = scheduled('late', [{ schedule: '22:00' }]);
  const once = scheduled('monthly', [{ schedule: '5 7 1 * *' }], '1.1.0');
  const packs = [{ pack: daily, inputs: { time: '07:10' } }, { pack: members, enabled: false }, { pack: once }];
  await use(...packs, { pack: late });
  await expect.poll(there).toEqual([['07:10'], [], ['07:05'], [], ['22:00']]);
  // What is as it should be is left alone.
  const updated = () => world.worker.log.filter(({ event }) => String(event).startsWith('schedule-')).length;
  const before = updated();
  await world.worker.call('reload');
  expect(updated()).toBe(before);
  await use();
  await expect.poll(there).toEqual([[], [], [], [], []]);
  await use(...all());
});

test('what a schedule starts is a run as any, and says so', async () => {
  await client.schedule.getHandle('smith/members/at-0-cleo').trigger();
  await expect
    .poll(() => world.worker.call('runs', { pack: 'members' }))
    .toMatchObject([
      { trigger: 'schedule', status: 'success', run: expect.stringMatching(/^smith\/members\/at-0-cleo/) },
    ]);
});
