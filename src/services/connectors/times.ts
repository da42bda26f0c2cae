import { Temporal } from 'temporal-polyfill';
import { VerbFailure } from '../../core/ports/automation.ts';

/** Milliseconds since the epoch; a bare date is the begin of that day in `zone`. */
export function instantOf(text: string, zone: string): number {
  if (text.length > 10) return Temporal.Instant.from(text).epochMilliseconds;
  return Temporal.PlainDate.from(text).toZonedDateTime(zone).epochMilliseconds;
}

/** ISO 8601 to the second, with the offset of `zone` at that time. */
export function isoIn(zone: string, ms: number): string {
  return Temporal.Instant.fromEpochMilliseconds(ms)
    .toZonedDateTimeISO(zone)
    .toString({ timeZoneName: 'never', smallestUnit: 'second' });
}

/** Local wall-clock time in an IANA zone → milliseconds; times that a clock change skips move on. null: no such zone. */
export function wallClockOf(local: string, zone: string): number | null {
  try {
    return Temporal.PlainDateTime.from(local).toZonedDateTime(zone).epochMilliseconds;
  } catch {
    return null;
  }
}

export const isDate = (text: string): boolean => text.length === 10;

/** @throws VerbFailure `refused` unless `start` is before `end` */
export function checkOrder(start: string, end: string, zone: string): void {
  if (!(instantOf(start, zone) < instantOf(end, zone)))
    throw new VerbFailure('refused', `the end (${end}) is not after the start (${start})`);
}
