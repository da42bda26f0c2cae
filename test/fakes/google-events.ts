import { createHash } from 'node:crypto';
import ICAL from 'ical.js';
import { Temporal } from 'temporal-polyfill';

export interface StoredTime {
  date?: string;
  dateTime?: string;
  timeZone?: string;
}

/** An event as it lies in the fake: Google's resource. */
export interface StoredEvent {
  id: string;
  status: 'confirmed' | 'tentative' | 'cancelled';
  summary?: string;
  location?: string;
  description?: string;
  start: StoredTime;
  end: StoredTime;
  attendees?: { email: string }[];
  /** `RRULE:…` lines. */
  recurrence?: string[];
  recurringEventId?: string;
}

export const etagOf = (event: StoredEvent): string =>
  `"${createHash('sha1').update(JSON.stringify(event)).digest('hex').slice(0, 16)}"`;

/** Milliseconds since the epoch; all-day events begin at midnight of the calendar's zone. null: not a time. */
export function at(time: StoredTime | undefined, zone: string): number | null {
  try {
    if (time?.date) return Temporal.PlainDate.from(time.date).toZonedDateTime(zone).epochMilliseconds;
    if (!time?.dateTime) return null;
    if (/(Z|[+-]\d\d:\d\d)$/.test(time.dateTime)) return Temporal.Instant.from(time.dateTime).epochMilliseconds;
    if (!time.timeZone) return null;
    return Temporal.PlainDateTime.from(time.dateTime).toZonedDateTime(time.timeZone).epochMilliseconds;
  } catch {
    return null;
  }
}

/** As `timeZone` of a request wants them: the same instant, other digits. */
export function shown(time: StoredTime, zone: string): StoredTime {
  if (time.date) return time;
  const dateTime = Temporal.Instant.fromEpochMilliseconds(at(time, zone) ?? 0)
    .toZonedDateTimeISO(zone)
    .toString({ timeZoneName: 'never', smallestUnit: 'second' });
  return { dateTime, timeZone: zone };
}

/** `singleEvents`: a repeating event as its instances, which have ids of their own. */
export function instancesOf(event: StoredEvent, zone: string, before: number): StoredEvent[] {
  const rule = event.recurrence?.find((line) => line.startsWith('RRULE:'))?.slice(6);
  if (!rule) return [event];
  const own = event.start.timeZone ?? zone;
  const begin = Temporal.Instant.fromEpochMilliseconds(at(event.start, own) ?? 0).toZonedDateTimeISO(own);
  const length = (at(event.end, own) ?? 0) - begin.epochMilliseconds;
  const wall = begin.toPlainDateTime().toString({ smallestUnit: 'second' });
  const times = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromDateTimeString(wall));
  const instances: StoredEvent[] = [];
  for (let next = times.next(); next && instances.length < 1000; next = times.next()) {
    const start = Temporal.PlainDateTime.from(next.toString()).toZonedDateTime(own);
    if (start.epochMilliseconds >= before) break;
    const utc = start.withTimeZone('UTC');
    const stamp = utc.toPlainDateTime().toString({ smallestUnit: 'second' }).replace(/[-:]/g, '');
    const { recurrence: _, ...rest } = event;
    instances.push({
      ...rest,
      id: `${event.id}_${stamp}Z`,
      recurringEventId: event.id,
      start: { dateTime: start.toString({ timeZoneName: 'never', smallestUnit: 'second' }), timeZone: own },
      end: {
        dateTime: start.add({ milliseconds: length }).toString({ timeZoneName: 'never', smallestUnit: 'second' }),
        timeZone: own,
      },
    });
  }
  return instances;
}
