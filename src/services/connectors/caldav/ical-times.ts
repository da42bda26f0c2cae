import ICAL from 'ical.js';
import { wallClockOf } from '../times.ts';

/** Local date and time of an iCalendar time, without its zone. */
export function wallClock(time: ICAL.Time): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const date = `${String(time.year).padStart(4, '0')}-${two(time.month)}-${two(time.day)}`;
  return time.isDate ? date : `${date}T${two(time.hour)}:${two(time.minute)}:${two(time.second)}`;
}

/**
 * Milliseconds since the epoch. An IANA name is believed more than the definition that came with it; what has no zone
 * (a floating time), or one that nobody knows, is taken in `home`.
 */
export function msOf(time: ICAL.Time, tzid: string | undefined, home: string): number {
  if (time.zone === ICAL.Timezone.utcTimezone) return time.toUnixTime() * 1000;
  const wall = wallClock(time);
  const iana = tzid === undefined ? null : wallClockOf(wall, tzid);
  if (iana !== null) return iana;
  if (time.zone && time.zone !== ICAL.Timezone.localTimezone) return time.toUnixTime() * 1000;
  return wallClockOf(wall, home) ?? 0;
}

/** TZID of a property. */
export function tzidOf(component: ICAL.Component, name: string): string | undefined {
  const tzid = component.getFirstProperty(name)?.getParameter('tzid');
  return typeof tzid === 'string' ? tzid : undefined;
}

/** As iCalendar writes an instant: `20261125T080000Z`. */
export const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

export function utcTime(ms: number): ICAL.Time {
  return ICAL.Time.fromDateTimeString(`${new Date(ms).toISOString().slice(0, 19)}Z`);
}
