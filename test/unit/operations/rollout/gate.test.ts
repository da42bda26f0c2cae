import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MaintenanceWindow, WEEKDAYS } from '../../../../src/core/tenant/maintenance-schema.ts';
import { closedAt, type Gated } from '../../../../src/operations/rollout/gate.ts';

const at = (iso: string): number => Date.parse(iso);
const tenant = (of: {
  windows?: (Partial<MaintenanceWindow> & { from: string; to: string })[];
  avoid?: boolean;
  pause?: Gated['maintenance']['pause'];
  quiet?: { from: string; to: string }[];
  timezone?: string;
}): Gated => ({
  timezone: of.timezone ?? 'Europe/Berlin',
  members: (of.quiet ?? []).map((quietHours, index) => ({ id: `m${index}`, name: 'M', role: 'Adult', quietHours })),
  maintenance: {
    windows: (of.windows ?? []).map((window) => ({ days: [...WEEKDAYS], ...window })),
    avoidQuietHours: of.avoid ?? (of.windows ?? []).length === 0,
    pause: of.pause ?? null,
  },
});

describe('when a tenant may be changed', () => {
  test('at any time, where nothing is said', () => {
    expect(closedAt(tenant({}), 0)).toBeNull();
  });

  test('within its windows, in its own zone, over midnight, on the days on which they begin', () => {
    const sunday = tenant({ windows: [{ days: ['sunday'], from: '23:00', to: '01:30' }] });
    expect(closedAt(sunday, at('2026-11-29T23:00:00+01:00'))).toBeNull();
    expect(closedAt(sunday, at('2026-11-30T01:29:59+01:00'))).toBeNull();
    expect(closedAt(sunday, at('2026-11-30T01:30:00+01:00'))).toEqual({
      reason: 'outside its windows',
      opensAt: '2026-12-06T22:00:00.000Z',
    });
    expect(closedAt(sunday, at('2026-11-29T00:30:00+01:00'))?.opensAt).toBe('2026-11-29T22:00:00.000Z');
    const tokyo = { ...sunday, timezone: 'Asia/Tokyo' };
    expect(closedAt(tokyo, at('2026-11-29T23:00:00+09:00'))).toBeNull();
  });

  test('not in quiet hours of any member, unless it has windows of its own', () => {
    const quiet = [
      { from: '22:00', to: '07:00' },
      { from: '06:30', to: '09:00' },
    ];
    expect(closedAt(tenant({ quiet }), at('2026-11-25T23:00:00+01:00'))).toEqual({
      reason: 'quiet hours of m0',
      opensAt: '2026-11-26T08:00:00.000Z',
    });
    const windows = [{ from: '02:00', to: '05:00' }];
    expect(closedAt(tenant({ quiet, windows }), at('2026-11-25T03:00:00+01:00'))).toBeNull();
    expect(closedAt(tenant({ quiet, windows, avoid: true }), at('2026-11-25T03:00:00+01:00'))).toEqual({
      reason: 'quiet hours of m0',
      opensAt: null,
    });
  });

  test('not while the family has paused it', () => {
    const now = at('2026-12-20T12:00:00+01:00');
    const pause = { until: '2027-01-07', reason: 'guests' };
    expect(closedAt(tenant({ pause }), now)).toEqual({
      reason: 'paused by the family: guests',
      opensAt: '2027-01-06T23:00:00.000Z',
    });
    expect(closedAt(tenant({ pause }), at('2027-01-07T00:00:00+01:00'))).toBeNull();
    expect(closedAt(tenant({ pause: {} }), now)).toEqual({ reason: 'paused by the family', opensAt: null });
  });

  test('a time that the clocks skip still opens, and so does one that they have twice', () => {
    const skipped = tenant({ windows: [{ days: ['sunday'], from: '02:30', to: '04:00' }] });
    expect(closedAt(skipped, at('2026-03-29T00:00:00+01:00'))?.opensAt).toBe('2026-03-29T01:30:00.000Z');
    expect(closedAt(skipped, at('2026-03-29T03:45:00+02:00'))).toBeNull();
  });

  test('what it says opens later does open then, and not a moment before', () => {
    const clock = fc
      .tuple(fc.nat({ max: 23 }), fc.constantFrom(0, 15, 30, 45))
      .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
    const stretch = fc.record({ from: clock, to: clock }).filter(({ from, to }) => from !== to);
    const windows = fc.array(
      fc
        .record({ days: fc.subarray([...WEEKDAYS], { minLength: 1 }), span: stretch })
        .map(({ days, span }) => ({ days, ...span })),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(
        windows,
        fc.array(stretch, { maxLength: 2 }),
        fc.boolean(),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') }),
        (given, quiet, avoid, timezone, now) => {
          const one = tenant({ windows: given, quiet, avoid, timezone });
          const closed = closedAt(one, now);
          if (closed?.opensAt == null) return;
          const opens = at(closed.opensAt);
          expect(opens).toBeGreaterThan(now);
          expect(closedAt(one, opens)).toBeNull();
          expect(closedAt(one, opens - 1)).not.toBeNull();
        },
      ),
    );
  });
});
