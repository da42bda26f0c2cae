import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, jitterOf, type RolloutRow, type RolloutView } from '../../../../src/core/rollout/decide.ts';
import { drive } from '../../../../src/core/rollout/drive.ts';
import type { RolloutSpec } from '../../../../src/core/rollout/spec.ts';

const SPEC: RolloutSpec = {
  operation: { name: 'apply', options: {} },
  selector: null,
  executor: 'local',
  waves: ['canary', 'rest'],
  canary: 1,
  maxFailures: 0,
  soakMs: 0,
  jitterMs: 0,
  seed: 1,
  atOnce: 2,
  ignoreWindows: false,
  waitForWindows: false,
};
const row = (tenant: string, wave: number, more: Partial<RolloutRow> = {}): RolloutRow => ({
  tenant,
  wave,
  state: 'waiting',
  opensAt: null,
  endedAt: null,
  checked: false,
  ...more,
});
const view = (rows: RolloutRow[], spec: Partial<RolloutSpec> = {}, more: Partial<RolloutView> = {}): RolloutView => ({
  spec: { ...SPEC, ...spec },
  rows,
  began: 0,
  forgiven: 0,
  wanted: null,
  ...more,
});
const said = (of: RolloutView, now = 0): string => {
  const next = decide(of, now);
  if (next.do === 'start' || next.do === 'check') return `${next.do} ${next.rows.map(({ tenant }) => tenant)}`;
  return next.do === 'wait' ? `wait ${next.until}` : `end ${next.state}`;
};
const done = (endedAt = 0): Partial<RolloutRow> => ({ state: 'done', endedAt });

describe('what comes next', () => {
  test('canaries, then the others, as many at a time as may be', () => {
    const rest = [row('b', 1), row('c', 1), row('d', 1)];
    expect(said(view([row('a', 0), ...rest]))).toBe('start a');
    expect(said(view([row('a', 0, { state: 'running' }), ...rest]))).toBe('wait null');
    expect(said(view([row('a', 0, done()), ...rest]))).toBe('start b,c');
    expect(said(view([row('a', 0, done()), row('b', 1, { state: 'running' }), row('c', 1)]))).toBe('start c');
    expect(said(view([row('a', 0, done()), row('b', 1, done())]))).toBe('end done');
  });

  test('a canary that fails halts it, others as soon as there are more than tolerated, when what runs has ended', () => {
    expect(said(view([row('a', 0, { state: 'failed' }), row('b', 1)], { maxFailures: 5 }))).toBe('end halted');
    const two = [row('a', 0, done()), row('b', 1, { state: 'failed' }), row('c', 1, { state: 'failed' })];
    expect(said(view([...two, row('d', 1)], { maxFailures: 2 }))).toBe('start d');
    expect(said(view([...two, row('d', 1)], { maxFailures: 1 }))).toBe('end halted');
    expect(said(view([...two, row('d', 1, { state: 'running' })], { maxFailures: 1 }))).toBe('wait null');
    expect(said(view([...two, row('d', 1)], { maxFailures: 1 }, { forgiven: 2 }))).toBe('start d');
    expect(said(view(two, { maxFailures: 2 }))).toBe('end partial');
  });

  test('as long as nothing is proven, no more than the canaries are put at risk', () => {
    const offline = row('a', 0, { state: 'deferred' });
    expect(said(view([offline, row('b', 1), row('c', 1)]))).toBe('start b');
    expect(said(view([offline, row('b', 1, { state: 'running' }), row('c', 1)]))).toBe('wait null');
    expect(said(view([offline, row('b', 1, done()), row('c', 1)]))).toBe('start c');
    expect(said(view([offline, row('b', 1, done())]))).toBe('end partial');
  });

  test('a wave soaks, is looked at again, and only then the next one begins', () => {
    const rows = (checked: boolean) => [row('a', 0, { ...done(1000), checked }), row('b', 1)];
    expect(said(view(rows(false), { soakMs: 500 }), 1499)).toBe('wait 1500');
    expect(said(view(rows(false), { soakMs: 500 }), 1500)).toBe('check a');
    expect(said(view(rows(true), { soakMs: 500 }), 1500)).toBe('start b');
    expect(
      said(view([row('a', 0, { state: 'failed', endedAt: 1000, checked: true }), row('b', 1)], { soakMs: 500 })),
    ).toBe('end halted');
  });

  test('a window that opens is used; one that has not is waited for only when asked for', () => {
    const rows = [row('a', 0, done()), row('b', 1, { state: 'deferred', opensAt: 900 })];
    expect(said(view(rows), 899)).toBe('end partial');
    expect(said(view(rows, { waitForWindows: true }), 899)).toBe('wait 900');
    expect(said(view(rows), 900)).toBe('start b');
    expect(said(view([row('a', 0, done()), row('b', 1, { state: 'deferred' })], { waitForWindows: true }))).toBe(
      'end partial',
    );
  });

  test('paused and cancelled when what runs has ended', () => {
    const rows = [row('a', 0, done()), row('b', 1), row('c', 1, { state: 'running' })];
    expect(said(view(rows, {}, { wanted: 'pause' }))).toBe('wait null');
    expect(said(view(rows.slice(0, 2), {}, { wanted: 'pause' }))).toBe('end paused');
    expect(said(view(rows.slice(0, 2), {}, { wanted: 'cancel' }))).toBe('end cancelled');
  });

  test('jitter spreads the beginnings, the same for the same seed', () => {
    const spec = { jitterMs: 10_000, waves: ['all'], canary: 0, atOnce: 50 };
    const names = Array.from({ length: 50 }, (_, index) => `t${index}`);
    const starts = names.map((name) => jitterOf({ ...SPEC, ...spec }, name));
    expect(new Set(starts).size).toBeGreaterThan(40);
    expect(Math.max(...starts)).toBeLessThan(10_000);
    const rows = names.map((name) => row(name, 0));
    expect(said(view(rows, spec), -1)).toBe(`wait ${Math.min(...starts)}`);
    const next = decide(view(rows, spec), 5_000);
    expect(next.do === 'start' && next.rows.map(({ tenant }) => tenant)).toEqual(
      names.filter((_, index) => (starts[index] as number) <= 5_000),
    );
  });
});

/** A run with a clock of its own: what each tenant's turn out to be is given. */
async function play(of: RolloutView, ends: Map<string, ('done' | 'failed' | 'deferred')[]>) {
  let clock = 0;
  let wake = (): void => {};
  const begun: string[] = [];
  let running = 0;
  let most = 0;
  const end = await drive(of, {
    now: () => clock,
    wanted: async () => null,
    wake: () => wake(),
    idle: async (until) => {
      if (running === 0) clock = Math.max(clock, until ?? clock);
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
    run: async (tenant) => {
      begun.push(tenant);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return { state: ends.get(tenant)?.shift() ?? 'done', reason: null, opensAt: null };
    },
    check: async () => null,
  });
  return { end, begun, most };
}

describe('a whole run', () => {
  test('whatever the turns: each tenant at most once, never too many at a time, no wave before the one before, halted in time', async () => {
    const tenants = fc.array(
      fc.record({ wave: fc.nat({ max: 3 }), ends: fc.constantFrom('done', 'done', 'done', 'failed', 'deferred') }),
      { minLength: 1, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(
        tenants,
        fc.nat({ max: 4 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 3 }),
        fc.constantFrom(0, 1000),
        async (given, maxFailures, atOnce, canary, soakMs) => {
          const rows = given.map(({ wave }, index) => row(`t${index}`, wave)).sort((a, b) => a.wave - b.wave);
          const turns = new Map(given.map(({ ends }, index) => [`t${index}`, [ends]] as const));
          const expected = new Map(given.map(({ ends }, index) => [`t${index}`, ends]));
          const spec = { waves: ['0', '1', '2', '3'], canary, maxFailures, atOnce, soakMs };
          const { end, begun, most } = await play(view(rows, spec), turns as never);
          expect(new Set(begun).size).toBe(begun.length);
          expect(most).toBeLessThanOrEqual(atOnce);
          const waves = begun.map((name) => rows.find(({ tenant }) => tenant === name)?.wave ?? 0);
          expect(waves).toEqual(waves.toSorted((a, b) => a - b));
          const failed = begun.filter((name) => expected.get(name) === 'failed').length;
          // What ran beside the one too many is done to its end.
          expect(failed).toBeLessThanOrEqual(maxFailures + atOnce);
          if (end.state !== 'halted') expect(begun).toHaveLength(rows.length);
          const clean = begun.every((name) => expected.get(name) === 'done');
          expect(end.state === 'done').toBe(clean && begun.length === rows.length);
        },
      ),
    );
  });

  test('what was outside its window is begun again when that opens, if that is waited for', async () => {
    let clock = 0;
    const begun: [string, number][] = [];
    const rows = [row('a', 0), row('b', 1)];
    const end = await drive(view(rows, { waitForWindows: true }), {
      now: () => clock,
      wanted: async () => null,
      wake: () => {},
      idle: async (until) => {
        clock = Math.max(clock, until ?? clock);
      },
      run: async (tenant) => {
        begun.push([tenant, clock]);
        const closed = tenant === 'b' && clock < 5000;
        return closed
          ? { state: 'deferred', reason: 'outside its windows', opensAt: new Date(5000).toISOString() }
          : { state: 'done', reason: null, opensAt: null };
      },
      check: async () => null,
    });
    expect(end.state).toBe('done');
    expect(begun).toEqual([
      ['a', 0],
      ['b', 0],
      ['b', 5000],
    ]);
  });

  test('one that is fenced off begins nothing more, and ends when what it began has ended', async () => {
    const ended: string[] = [];
    let wake = (): void => {};
    const rows = [row('a', 0), row('b', 0), row('c', 0)];
    const run = drive(view(rows, { canary: 0, waves: ['all'] }), {
      now: () => 0,
      wanted: async () => null,
      wake: () => wake(),
      idle: () =>
        new Promise((resolve) => {
          wake = resolve;
        }),
      run: async (tenant) => {
        if (tenant === 'a') throw new Error('taken over');
        await new Promise((resolve) => setTimeout(resolve, 20));
        ended.push(tenant);
        return { state: 'done', reason: null, opensAt: null };
      },
      check: async () => null,
    });
    await expect(run).rejects.toThrow('taken over');
    expect(ended).toEqual(['b']);
  });
});
