import type { Closed } from '../../core/rollout/plan.ts';
import type { MaintenanceWindow, Weekday } from '../../core/tenant/maintenance-schema.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import { addDays, localParts, startOfDay, timeOnDay } from '../../packs/time.ts';

/** What says when a tenant may be changed. */
export type Gated = Pick<Tenant, 'maintenance' | 'timezone' | 'members'>;

/** A stretch of time that is open or quiet: `from` inclusive, `to` exclusive; ms since the epoch. */
interface Stretch {
  from: number;
  to: number;
}

/** Windows come round within a week; more changes of heart than this have no end. */
const MAX_STEPS = 100;

/**
 * Why a tenant may not be changed at `now`: the family's pause, its windows and quiet hours, in its own time zone.
 * `opensAt` is later than `now`. null = it may be. Pure.
 */
export function closedAt(tenant: Gated, now: number): Closed | null {
  const first = closedFor(tenant, now);
  if (!first) return null;
  let at = first.until;
  for (let step = 0; at !== null && step < MAX_STEPS; step++) {
    const next = closedFor(tenant, at);
    if (!next) return { reason: first.reason, opensAt: new Date(at).toISOString() };
    at = next.until;
  }
  return { reason: first.reason, opensAt: null };
}

function closedFor(tenant: Gated, now: number): { reason: string; until: number | null } | null {
  const { maintenance, timezone } = tenant;
  const { pause } = maintenance;
  if (pause) {
    const until = pause.until === undefined ? null : startOfDay(Date.parse(`${pause.until}T12:00:00Z`), timezone);
    const reason = `paused by the family${pause.reason === undefined ? '' : `: ${pause.reason}`}`;
    if (until === null || until > now) return { reason, until };
  }
  if (maintenance.windows.length > 0 && !inWindow(maintenance.windows, timezone, now))
    return { reason: 'outside its windows', until: nextWindow(maintenance.windows, timezone, now) };
  const quiet = maintenance.avoidQuietHours ? quietUntil(tenant, now) : null;
  return quiet && { reason: `quiet hours of ${quiet.member}`, until: quiet.until };
}

const inWindow = (windows: readonly MaintenanceWindow[], zone: string, now: number): boolean =>
  windows.some((window) => [-1, 0].some((day) => holds(stretchOf(window, zone, addDays(now, day, zone)), now)));

function nextWindow(windows: readonly MaintenanceWindow[], zone: string, now: number): number | null {
  const days = [0, 1, 2, 3, 4, 5, 6, 7];
  const starts = windows.flatMap((window) =>
    days.flatMap((day) => stretchOf(window, zone, addDays(now, day, zone))?.from ?? []),
  );
  const later = starts.filter((from) => from > now);
  return later.length === 0 ? null : Math.min(...later);
}

function quietUntil({ members, timezone }: Gated, now: number): { member: string; until: number } | null {
  for (const { id, quietHours } of members) {
    if (!quietHours) continue;
    for (const day of [-1, 0]) {
      const stretch = clockStretch(quietHours, timezone, addDays(now, day, timezone));
      if (holds(stretch, now)) return { member: id, until: stretch.to };
    }
  }
  return null;
}

/** null on a day on which it does not begin. */
function stretchOf({ days, ...clock }: MaintenanceWindow, zone: string, day: number): Stretch | null {
  return days.includes(localParts(day, zone).weekday satisfies Weekday) ? clockStretch(clock, zone, day) : null;
}

function clockStretch({ from, to }: { from: string; to: string }, zone: string, day: number): Stretch {
  const end = to > from ? day : addDays(day, 1, zone);
  return { from: timeOnDay(day, from, zone), to: timeOnDay(end, to, zone) };
}

const holds = (stretch: Stretch | null, now: number): boolean =>
  stretch !== null && stretch.from <= now && now < stretch.to;
