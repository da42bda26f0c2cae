import { expect, test } from 'vitest';
import type { CheckResult, ServiceStatus } from '../../../../src/core/agent-protocol.ts';
import { type Soak, soak, troubleIn } from '../../../../src/services/host-agent/soak.ts';

const service = (change: Partial<ServiceStatus> = {}): ServiceStatus => ({
  name: 'gateway',
  active: true,
  pid: 7,
  restarts: 0,
  since: null,
  ...change,
});
const failed: CheckResult = { id: 'agent.turn', title: 'A real agent turn', verdict: 'fail', detail: 'no', ms: 1 };
const watch = (change: Partial<Soak>): Promise<CheckResult> =>
  soak({
    seconds: 0,
    tenant: 'smith',
    status: async () => [service()],
    drive: async () => undefined,
    present: () => true,
    ...change,
  });

test.each<[string, ServiceStatus[], RegExp | null]>([
  ['runs on', [service()], null],
  ['is another process', [service({ pid: 8 })], /restarted/],
  ['was restarted', [service({ restarts: 1 })], /restarted/],
  ['waits to be restarted', [service({ active: false, pid: null })], /ended/],
  ['is gone', [], /ended/],
])('a service that %s', (_, now, trouble) => {
  const found = troubleIn([service()], now);
  if (trouble) expect(found).toMatch(trouble);
  else expect(found).toBeNull();
});

test('one that had been restarted before is not in trouble', () => {
  expect(troubleIn([service({ restarts: 3 })], [service({ restarts: 3 })])).toBeNull();
});

test('the last look drives a whole turn', async () => {
  const depths: string[] = [];
  const drive: Soak['drive'] = async (depth) => void depths.push(depth);
  expect((await watch({ drive })).verdict).toBe('pass');
  expect(depths).toEqual(['full']);
});

test('what fails is named, with its fix', async () => {
  const result = await watch({ drive: async () => ({ ...failed, fix: 'chp logs' }) });
  expect(result).toMatchObject({ verdict: 'fail', detail: 'A real agent turn: no', fix: 'chp logs' });
});

test('ends at once when nobody is there any more to confirm', async () => {
  const result = await watch({ seconds: 3600, present: () => false });
  expect(result).toMatchObject({ verdict: 'fail', detail: expect.stringContaining('went away') });
});
