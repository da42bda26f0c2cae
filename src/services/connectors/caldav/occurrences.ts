import ICAL from 'ical.js';
import { msOf, tzidOf, wallClock } from './ical-times.ts';

/** A rule with times closer than this is cut off. */
const MAX_STEPS = 20_000;
const DAY_MS = 24 * 3600_000;

export interface Occurrence {
  vevent: ICAL.Component;
  /** Wall-clock time of the place in the series; null when the event does not repeat. */
  place: string | null;
  start: ICAL.Time;
  end: ICAL.Time;
  startMs: number;
  endMs: number;
}

/** Everything of one calendar object that lies in the window, changed occurrences in their new place. */
export function occurrencesOf(
  calendar: ICAL.Component,
  window: { from: number; to: number },
  home: string,
): Occurrence[] {
  const vevents = calendar.getAllSubcomponents('vevent');
  const changed = vevents.filter((vevent) => vevent.hasProperty('recurrence-id'));
  const places = new Set(changed.map((vevent) => placeOf(vevent)));
  const found: Occurrence[] = changed.map((vevent) => ownOf(vevent, placeOf(vevent), home));
  for (const master of vevents.filter((vevent) => !vevent.hasProperty('recurrence-id'))) {
    const event = new ICAL.Event(master, { exceptions: [] });
    if (!event.isRecurring()) found.push(ownOf(master, null, home));
    else for (const one of repeated(event, window, home)) if (!places.has(one.place ?? '')) found.push(one);
  }
  return found.filter(({ startMs, endMs, vevent }) => {
    const cancelled = String(vevent.getFirstPropertyValue('status') ?? '').toUpperCase() === 'CANCELLED';
    return !cancelled && startMs < window.to && (endMs > window.from || (startMs === endMs && startMs >= window.from));
  });
}

/** The occurrence at a place of the series, wherever it was moved to; `place` null: an event that does not repeat. */
export function occurrenceAt(calendar: ICAL.Component, place: string | null, home: string): Occurrence | undefined {
  const vevents = calendar.getAllSubcomponents('vevent');
  const changed = vevents.filter((vevent) => vevent.hasProperty('recurrence-id'));
  if (place === null) {
    const single = vevents.find((vevent) => !changed.includes(vevent) && !vevent.hasProperty('rrule'));
    return single && ownOf(single, null, home);
  }
  const moved = changed.find((vevent) => placeOf(vevent) === place);
  if (moved) return ownOf(moved, place, home);
  const at = Date.parse(place.length > 10 ? `${place}Z` : place);
  const near = { from: at - 2 * DAY_MS, to: at + 2 * DAY_MS };
  return occurrencesOf(calendar, near, home).find((one) => one.place === place);
}

function placeOf(vevent: ICAL.Component): string {
  return wallClock(vevent.getFirstPropertyValue('recurrence-id') as ICAL.Time);
}

function ownOf(vevent: ICAL.Component, place: string | null, home: string): Occurrence {
  const { startDate: start, endDate: end } = new ICAL.Event(vevent, { exceptions: [] });
  const startMs = msOf(start, tzidOf(vevent, 'dtstart'), home);
  return { vevent, place, start, end, startMs, endMs: endOf(vevent, start, end, startMs, home) };
}

function endOf(vevent: ICAL.Component, start: ICAL.Time, end: ICAL.Time, startMs: number, home: string): number {
  if (vevent.hasProperty('dtend')) return msOf(end, tzidOf(vevent, 'dtend'), home);
  return start.isDate ? msOf(end, undefined, home) : startMs + end.subtractDate(start).toSeconds() * 1000;
}

function* repeated(event: ICAL.Event, window: { from: number; to: number }, home: string): Generator<Occurrence> {
  const vevent = event.component;
  const tzid = tzidOf(vevent, 'dtstart');
  const first = ownOf(vevent, null, home);
  const length = first.endMs - first.startMs;
  const times = event.iterator(nearStart(event, first.startMs, window.from - length));
  for (let step = 0; step < MAX_STEPS; step++) {
    const start = times.next();
    if (!start) return;
    const startMs = msOf(start, tzid, home);
    if (startMs >= window.to) return;
    const end = start.clone();
    end.addDuration(event.endDate.subtractDate(event.startDate));
    // The same hours on the clock, also where the clock is changed in between.
    const endMs = start.isDate ? msOf(end, undefined, home) : startMs + length;
    yield { vevent, place: wallClock(start), start, end, startMs, endMs };
  }
}

/** Daily and weekly rules of many years begin close to the window; a whole number of periods later they are the same. */
function nearStart(event: ICAL.Event, startMs: number, from: number): ICAL.Time {
  const start = event.startDate.clone();
  const rules = event.component.getAllProperties('rrule').map((rule) => rule.getFirstValue() as ICAL.Recur);
  const [rule] = rules;
  if (!rule || rules.length > 1 || rule.count) return start;
  const days = { DAILY: 1, WEEKLY: 7 }[rule.freq as string];
  if (days === undefined) return start;
  const period = days * (rule.interval || 1);
  const periods = Math.floor((from - startMs) / (period * DAY_MS)) - 1;
  if (periods > 0) start.adjust(periods * period, 0, 0, 0);
  return start;
}
