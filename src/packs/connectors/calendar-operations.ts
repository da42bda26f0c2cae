import { type TObject, type TSchema, Type } from 'typebox';
import { closed, instant, oneOf, optional, record, text } from '../types.ts';
import type { Operation } from './operation.ts';

/** What every calendar connector does, in the same words, so that a pack can be moved from one to another. */

const calendar = text('Calendar, as `list-calendars` names it.', 300);
const eventId = text('Event, as `list-events` names it.', 1024);

export const CalendarEventSchema = Type.Object(
  {
    id: Type.String(),
    calendar: Type.String(),
    title: Type.String(),
    start: instant('Begin; a bare date for a whole day.'),
    end: instant('End, exclusive.'),
    allDay: Type.Boolean(),
    location: Type.Union([Type.String(), Type.Null()]),
    description: Type.Union([Type.String(), Type.Null()]),
    attendees: Type.Array(Type.String(), { description: 'Addresses.' }),
    status: oneOf(['confirmed', 'tentative', 'cancelled']),
  },
  closed,
);
export type CalendarEvent = {
  id: string;
  calendar: string;
  title: string;
  start: string;
  end: string;
  allDay: boolean;
  location: string | null;
  description: string | null;
  attendees: string[];
  status: 'confirmed' | 'tentative' | 'cancelled';
};

const eventFields = {
  title: text('Title.', 300),
  start: instant('Begin; a bare date for a whole day.'),
  end: instant('End, exclusive.'),
  location: optional(text('Place.', 500)),
  description: optional(text('Notes.', 8000)),
  attendees: optional(Type.Array(Type.String({ maxLength: 254 }), { maxItems: 50, description: 'Addresses.' })),
};
const window = { from: instant('Begin of the window.'), to: instant('End of the window, exclusive.') };
const row = (
  summary: string,
  effect: Operation['effect'],
  args: TObject,
  result: TSchema,
  risk: Operation['risk'] = effect === 'none' ? 'low' : 'medium',
): Operation => ({ summary, args, result, risk, effect });

export const CALENDAR_OPERATIONS: Record<string, Operation> = {
  'list-calendars': row(
    'The calendars the account can see.',
    'none',
    record({}),
    record({ calendars: Type.Array(record({ id: Type.String(), name: Type.String(), writable: Type.Boolean() })) }),
  ),
  'list-events': row(
    'Events of a window in order of their begin, repetitions expanded.',
    'none',
    record({
      calendar,
      ...window,
      query: optional(text('Only events with these words.', 200)),
      max: optional(Type.Integer({ minimum: 1, maximum: 250, default: 50, description: 'At most so many.' })),
    }),
    record({ events: Type.Array(CalendarEventSchema) }),
  ),
  'free-busy': row(
    'When calendars are busy in a window.',
    'none',
    record({ calendars: Type.Array(calendar, { minItems: 1, maxItems: 20 }), ...window }),
    record({
      busy: Type.Array(record({ calendar: Type.String(), start: instant('Begin.'), end: instant('End.') })),
    }),
  ),
  'create-event': row('Adds an event.', 'write', record({ calendar, ...eventFields }), CalendarEventSchema),
  'update-event': row(
    'Changes an event; what is left out stays.',
    'write',
    record({
      calendar,
      event: eventId,
      title: optional(eventFields.title),
      start: optional(eventFields.start),
      end: optional(eventFields.end),
      location: eventFields.location,
      description: eventFields.description,
      attendees: eventFields.attendees,
    }),
    CalendarEventSchema,
  ),
  'delete-event': row(
    'Removes an event.',
    'write',
    record({ calendar, event: eventId }),
    record({ deleted: Type.Boolean({ description: 'false: it was gone already.' }) }),
  ),
};
