import { type Client, ScheduleNotFoundError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { reconcileSchedules, wantedSchedules } from '../../../../src/services/worker/schedules.ts';
import { loadedPack, loadedTenant, withTriggers } from './fixture.ts';

const specOf = (...triggers: Parameters<typeof withTriggers>) =>
  wantedSchedules(loadedTenant(withTriggers(...triggers))).map(({ options }) => options.spec);

test('a time of day is every day at that time, in the tenant’s zone; cron and another zone stay as written', () => {
  expect(
    specOf({ schedule: '06:55' }, { schedule: '*/5 8-20 * * 1-5', timezone: 'Asia/Tokyo', jitter: '30s' }),
  ).toEqual([
    { cronExpressions: ['55 6 * * *'], timezone: 'Europe/Berlin' },
    { cronExpressions: ['*/5 8-20 * * 1-5'], timezone: 'Asia/Tokyo', jitter: '30s' },
  ]);
});

test('times come from inputs: the tenant’s, else the pack’s', () => {
  const inputs = { time: { type: 'time', description: 'When.', default: '07:00' } } as const;
  const triggers = [{ schedule: '${{ inputs.time }}' }];
  const cron = (values: Record<string, unknown>) =>
    wantedSchedules(loadedTenant(loadedPack({ inputs, triggers }, { inputs: values })))[0]?.options.spec
      .cronExpressions;
  expect([cron({}), cron({ time: '05:30' })]).toEqual([['0 7 * * *'], ['30 5 * * *']]);
});

test('policies: nothing at once, no old starts, unless told', () => {
  const policies = wantedSchedules(
    loadedTenant(withTriggers({ schedule: '06:55' }, { schedule: '06:55', overlap: 'allow', 'catch-up': '2h' })),
  ).map(({ options }) => options.policies);
  expect(policies).toEqual([
    { overlap: 'SKIP', catchupWindow: '10m' },
    { overlap: 'ALLOW_ALL', catchupWindow: '2h' },
  ]);
});

test('one schedule each, named by the member, so that others keep theirs when one leaves', () => {
  const trigger = { schedule: '${{ item.role == "Child" ? "07:30" : "06:30" }}', 'for-each': 'members' };
  const tenant = loadedTenant(withTriggers(trigger));
  const named = (of: typeof tenant) =>
    wantedSchedules(of).map(({ id, options, digest }) => [id, options.spec.cronExpressions?.[0], digest]);
  const before = named(tenant);
  expect(before.map(([id, cron]) => [id, cron])).toEqual([
    ['smith/brief/at-0-ana', '30 6 * * *'],
    ['smith/brief/at-0-ben', '30 7 * * *'],
  ]);
  const after = named({ ...tenant, members: tenant.members.filter(({ id }) => id === 'ben') });
  expect(after.map(([id]) => id)).toEqual(['smith/brief/at-0-ben']);
});

test('the digest changes with what matters, and only then', () => {
  const digest = (more: object, install: object = {}) =>
    wantedSchedules(loadedTenant(loadedPack({ triggers: [{ schedule: '06:55' }], ...more }, install)))[0]?.digest;
  expect(digest({})).toBe(digest({}));
  expect(digest({})).not.toBe(digest({ version: '1.0.1' }));
  expect(digest({})).not.toBe(digest({ triggers: [{ schedule: '06:56' }] }));
});

test('disabled packs, broken packs and packs whose triggers fail have none; others keep theirs', () => {
  const tenant = loadedTenant(
    loadedPack({ id: 'off', triggers: [{ schedule: '06:55' }] }, { enabled: false }),
    { ...loadedPack({ id: 'bad' }), compiled: null, problem: 'broken' },
    loadedPack({ id: 'wrong', triggers: [{ schedule: '06:55', 'for-each': '1 + 1' }] }),
    loadedPack({ id: 'fine', triggers: [{ schedule: '06:55' }, { manual: true }] }),
  );
  expect(wantedSchedules(tenant).map(({ id }) => id)).toEqual(['smith/fine/at-0']);
});

test('a list that still names what was deleted a moment ago: what is wanted is created all the same', async () => {
  const tenant = loadedTenant(withTriggers({ schedule: '06:55' }, { schedule: '07:55' }));
  const gone = async () => {
    throw new ScheduleNotFoundError('not there', 'any');
  };
  const created: string[] = [];
  const schedule = {
    list: async function* () {
      yield { scheduleId: 'smith/brief/at-0', state: { note: 'of an earlier version' } };
      yield { scheduleId: 'smith/other/at-0', state: { note: 'of a pack that was removed' } };
    },
    getHandle: () => ({ describe: gone, update: gone, delete: gone }),
    create: async ({ scheduleId }: { scheduleId: string }) => void created.push(scheduleId),
  };
  await reconcileSchedules({ schedule } as unknown as Client, tenant);
  expect(created).toEqual(['smith/brief/at-0', 'smith/brief/at-1']);
});
