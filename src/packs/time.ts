import { Temporal } from 'temporal-polyfill';

/** Calendar arithmetic in a zone, with the zone’s own rules. Times are milliseconds since the epoch; nothing reads a clock. */

const zoned = (ms: number, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

export interface LocalParts {
  /** `2026-11-25` */
  date: string;
  /** `06:55` */
  time: string;
  weekday: (typeof WEEKDAYS)[number];
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

export function localParts(ms: number, zone: string): LocalParts {
  const { year, month, day, hour, minute, dayOfWeek } = zoned(ms, zone);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    date: `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`,
    time: `${two(hour)}:${two(minute)}`,
    weekday: WEEKDAYS[dayOfWeek - 1] ?? 'monday',
    year,
    month,
    day,
    hour,
    minute,
  };
}

/** The same local time so many days later; across a change of the clocks that is not 24 h. */
export const addDays = (ms: number, days: number, zone: string): number =>
  zoned(ms, zone).add({ days }).epochMilliseconds;

export const startOfDay = (ms: number, zone: string): number => zoned(ms, zone).startOfDay().epochMilliseconds;

/** That time of day on the local day of `ms`. A time that the day skips is moved on by the gap; of one that it has twice, the first. */
export function timeOnDay(ms: number, clock: string, zone: string): number {
  return zoned(ms, zone)
    .toPlainDate()
    .toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(clock) }).epochMilliseconds;
}

/** The next time it is that time of day, after `ms`. */
export function nextTimeOfDay(ms: number, clock: string, zone: string): number {
  const today = timeOnDay(ms, clock, zone);
  return today > ms ? today : timeOnDay(addDays(ms, 1, zone), clock, zone);
}

export function isTimeZone(zone: string): boolean {
  try {
    zoned(0, zone);
    return true;
  } catch {
    return false;
  }
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `1.5h` as milliseconds; null = not a duration. */
export function durationMs(text: string): number | null {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return amount === undefined ? null : Math.round(Number(amount) * UNITS[unit as keyof typeof UNITS]);
}

/** Times of day that a zone skips when its clocks go forward between two times: minutes of that day. */
export function gapsOf(zone: string, from: number, to: number): { date: string; from: number; to: number }[] {
  const gaps: { date: string; from: number; to: number }[] = [];
  let change = zoned(from, zone).getTimeZoneTransition('next');
  while (change && change.epochMilliseconds < to) {
    const before = change.subtract({ milliseconds: 1 });
    const skipped = (change.offsetNanoseconds - before.offsetNanoseconds) / 60e9;
    const end = change.hour * 60 + change.minute;
    if (skipped > 0) gaps.push({ date: localParts(change.epochMilliseconds, zone).date, from: end - skipped, to: end });
    change = change.getTimeZoneTransition('next');
  }
  return gaps;
}
