import ICAL from 'ical.js';
import type { CalendarEvent } from '../../../packs/connectors/calendar-operations.ts';
import { instantOf, isDate, isoIn } from '../times.ts';
import { stamp, utcTime, wallClock } from './ical-times.ts';
import type { Occurrence } from './occurrences.ts';

const PRODID = '-//Clawd Home Platform//chp//EN';

export interface EventFields {
  title?: string;
  start?: string;
  end?: string;
  location?: string;
  description?: string;
  attendees?: string[];
}

/** An id is the object's address; an occurrence adds its place in the series. */
export const idOf = (url: string, place: string | null): string => (place === null ? url : `${url}#${place}`);

export function splitId(id: string): { url: string; place: string | null } {
  const hash = id.lastIndexOf('#');
  return hash < 0 ? { url: id, place: null } : { url: id.slice(0, hash), place: id.slice(hash + 1) };
}

export function parse(data: string): ICAL.Component {
  return ICAL.Component.fromString(data);
}

export function eventOf(calendar: string, url: string, occurrence: Occurrence, zone: string): CalendarEvent {
  const { vevent, start, end, startMs, endMs, place } = occurrence;
  const text = (name: string) => String(vevent.getFirstPropertyValue(name) ?? '');
  const status = text('status').toLowerCase();
  return {
    id: idOf(url, place),
    calendar,
    title: text('summary'),
    start: start.isDate ? wallClock(start) : isoIn(zone, startMs),
    end: start.isDate ? wallClock(end) : isoIn(zone, endMs),
    allDay: start.isDate,
    location: text('location') || null,
    description: text('description') || null,
    attendees: vevent
      .getAllProperties('attendee')
      .map((attendee) => String(attendee.getFirstValue() ?? '').replace(/^mailto:/i, '')),
    status: status === 'tentative' || status === 'cancelled' ? status : 'confirmed',
  };
}

/** A calendar object with one new component. */
export function newObject(name: 'vevent' | 'vtodo', uid: string): { calendar: ICAL.Component; made: ICAL.Component } {
  const calendar = new ICAL.Component('vcalendar');
  calendar.addPropertyWithValue('version', '2.0');
  calendar.addPropertyWithValue('prodid', PRODID);
  const made = new ICAL.Component(name);
  made.addPropertyWithValue('uid', uid);
  touched(made);
  calendar.addSubcomponent(made);
  return { calendar, made };
}

/** What is left out stays as it is. */
export function write(vevent: ICAL.Component, fields: EventFields, zone: string): void {
  for (const [name, value] of Object.entries({
    summary: fields.title,
    location: fields.location,
    description: fields.description,
  }))
    if (value !== undefined) vevent.updatePropertyWithValue(name, value);
  for (const [name, value] of Object.entries({ dtstart: fields.start, dtend: fields.end }))
    if (value !== undefined) writeTime(vevent, name, value, zone);
  if (fields.end !== undefined) vevent.removeAllProperties('duration');
  if (fields.attendees) {
    vevent.removeAllProperties('attendee');
    for (const address of fields.attendees) vevent.addPropertyWithValue('attendee', `mailto:${address}`);
  }
  touched(vevent);
}

export function writeTime(component: ICAL.Component, name: string, value: string, zone: string): void {
  component.removeAllProperties(name);
  const time = isDate(value) ? ICAL.Time.fromDateString(value) : utcTime(instantOf(value, zone));
  component.addPropertyWithValue(name, time);
}

/** The changed copy of an occurrence; made when there is none yet. null: the series has no such place. */
export function overrideOf(calendar: ICAL.Component, { vevent: master, place }: Occurrence): ICAL.Component {
  if (master.hasProperty('recurrence-id')) return master;
  const copy = new ICAL.Component(structuredClone(master.toJSON()) as never[]);
  const start = copy.getFirstProperty('dtstart') as ICAL.Property;
  const end = copy.getFirstProperty('dtend');
  const first = start.getFirstValue() as ICAL.Time;
  const length = (end?.getFirstValue() as ICAL.Time | undefined)?.subtractDate(first);
  for (const name of ['rrule', 'rdate', 'exdate', 'exrule']) copy.removeAllProperties(name);
  const at = atPlace(first, place ?? '');
  const recurrence = placeProperty('recurrence-id', start, at);
  start.setValue(at.clone());
  if (end && length) {
    const until = at.clone();
    until.addDuration(length);
    end.setValue(until);
  }
  copy.addProperty(recurrence);
  calendar.addSubcomponent(copy);
  return copy;
}

/** Takes one occurrence out of its series. */
export function exclude(calendar: ICAL.Component, { vevent, place }: Occurrence): void {
  const uid = vevent.getFirstPropertyValue('uid');
  if (vevent.hasProperty('recurrence-id')) calendar.removeSubcomponent(vevent);
  for (const master of calendar.getAllSubcomponents('vevent')) {
    const start = master.getFirstProperty('dtstart');
    if (master.getFirstPropertyValue('uid') !== uid || master.hasProperty('recurrence-id') || !start) continue;
    master.addProperty(placeProperty('exdate', start, atPlace(start.getFirstValue() as ICAL.Time, place ?? '')));
    touched(master);
  }
}

/** In the zone of the series, as its begin is. */
function placeProperty(name: string, start: ICAL.Property, at: ICAL.Time): ICAL.Property {
  const property = new ICAL.Property(name);
  const tzid = start.getParameter('tzid');
  if (tzid) property.setParameter('tzid', tzid as string);
  property.setValue(at);
  return property;
}

function atPlace(first: ICAL.Time, place: string): ICAL.Time {
  const at = isDate(place) ? ICAL.Time.fromDateString(place) : ICAL.Time.fromDateTimeString(place);
  at.zone = first.zone;
  return at;
}

export function touched(component: ICAL.Component): void {
  const now = Date.now();
  component.updatePropertyWithValue('dtstamp', utcTime(now));
  component.updatePropertyWithValue('last-modified', utcTime(now));
}

/** Wider by a day on both ends: servers take times without a zone for UTC. */
export const serverRange = ({ from, to }: { from: number; to: number }) => ({
  start: stamp(from - 24 * 3600_000),
  end: stamp(to + 24 * 3600_000),
});
