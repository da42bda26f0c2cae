import type { CalendarEvent } from '../../../packs/connectors/calendar-operations.ts';
import { isDate } from '../times.ts';

interface GoogleTime {
  date?: string | null;
  dateTime?: string | null;
}

/** The parts of Google's event resource that we read. */
export interface GoogleEvent {
  id: string;
  etag: string;
  status?: string;
  summary?: string;
  location?: string;
  description?: string;
  start?: GoogleTime;
  end?: GoogleTime;
  attendees?: { email?: string }[];
}

export function eventOf(calendar: string, event: GoogleEvent): CalendarEvent {
  return {
    id: event.id,
    calendar,
    title: event.summary ?? '',
    start: event.start?.dateTime ?? event.start?.date ?? '',
    end: event.end?.dateTime ?? event.end?.date ?? '',
    allDay: Boolean(event.start?.date),
    location: event.location || null,
    description: event.description || null,
    attendees: (event.attendees ?? []).flatMap(({ email }) => (email ? [email] : [])),
    status: event.status === 'tentative' || event.status === 'cancelled' ? event.status : 'confirmed',
  };
}

export interface EventFields {
  title?: string;
  start?: string;
  end?: string;
  location?: string;
  description?: string;
  attendees?: string[];
}

/** What is left out is not in the body either: Google keeps it then. */
export function bodyOf(fields: EventFields, zone: string): Record<string, unknown> {
  // The other form is taken away: a patch merges into what is there.
  const time = (text: string) =>
    isDate(text) ? { date: text, dateTime: null, timeZone: null } : { dateTime: text, date: null, timeZone: zone };
  return {
    ...(fields.title === undefined ? {} : { summary: fields.title }),
    ...(fields.start === undefined ? {} : { start: time(fields.start) }),
    ...(fields.end === undefined ? {} : { end: time(fields.end) }),
    ...(fields.location === undefined ? {} : { location: fields.location }),
    ...(fields.description === undefined ? {} : { description: fields.description }),
    ...(fields.attendees === undefined ? {} : { attendees: fields.attendees.map((email) => ({ email })) }),
  };
}
