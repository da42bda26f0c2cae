import { createHash } from 'node:crypto';
import type ICAL from 'ical.js';
import { failure } from '../../../core/http.ts';
import type { CallOptions, Connector } from '../../../core/ports/automation.ts';
import { baseUrl, type Setup } from '../config.ts';
import { connectorOf } from '../connector.ts';
import { checkOrder, instantOf, isoIn } from '../times.ts';
import {
  type EventFields,
  eventOf,
  exclude,
  newObject,
  overrideOf,
  parse,
  serverRange,
  splitId,
  write,
  writeTime,
} from './events.ts';
import { within } from './guarded.ts';
import { type Occurrence, occurrenceAt, occurrencesOf } from './occurrences.ts';
import { DavSession, isWritable, nameOf, type Stored } from './session.ts';
import { complete, taskOf } from './tasks.ts';

const NAME = 'caldav';
const PER_MINUTE = 120;
/** For the repetitions of one event. */
const EXPAND_MS = 1_000;
const UPDATE_ATTEMPTS = 3;

interface Window {
  calendar: string;
  from: string;
  to: string;
}

export function caldav(setup: Setup): Connector {
  const zone = setup.timezone;
  const { username = '', password = '' } = setup.secrets;
  const session = new DavSession(baseUrl(setup, ''), username, password);

  const expand = (stored: Stored, window: { from: number; to: number }): Occurrence[] => {
    try {
      const found = within(EXPAND_MS, () => occurrencesOf(parse(stored.data), window, zone));
      if (found) return found;
      setup.warn(`${stored.url} is left out: its repetitions never end to be counted`);
    } catch (error) {
      setup.warn(`${stored.url} is left out: it can't be read: ${String(error)}`);
    }
    return [];
  };

  const list = async ({ calendar: wanted, from, to }: Window, signal: AbortSignal) => {
    checkOrder(from, to, zone);
    const window = { from: instantOf(from, zone), to: instantOf(to, zone) };
    const calendar = await session.calendar(wanted, signal);
    const objects = await session.objects(calendar, 'VEVENT', serverRange(window), signal);
    return objects
      .flatMap((stored) => expand(stored, window).map((one) => ({ ...one, stored })))
      .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  };

  /** Reads an object, lets `change` work on it and writes it back, anew when somebody else wrote in between. */
  const edit = async <T>(
    wanted: string,
    url: string,
    signal: AbortSignal,
    change: (component: ICAL.Component, stored: Stored) => { result: T; remove?: boolean; unchanged?: boolean },
  ): Promise<T> => {
    const calendar = await session.calendar(wanted, signal);
    for (let attempt = 1; attempt <= UPDATE_ATTEMPTS; attempt++) {
      const stored = await session.object(calendar, url, signal);
      if (!stored) throw failure('not-found', `there is no ${url}`);
      const component = parse(stored.data);
      const { result, remove, unchanged } = change(component, stored);
      if (unchanged) return result;
      const done = remove
        ? await session.remove(stored, signal)
        : await session.update(stored, component.toString(), signal);
      if (done) return result;
    }
    throw failure('refused', `${url} is changed by somebody else again and again`);
  };

  const chosen = (component: ICAL.Component, url: string, place: string | null): Occurrence | undefined => {
    if (place === null && component.getAllSubcomponents('vevent').some((one) => one.hasProperty('rrule')))
      throw failure('refused', `${url} repeats: name one of its occurrences`);
    return within(EXPAND_MS, () => occurrenceAt(component, place, zone)) ?? undefined;
  };

  const create = async (
    wanted: string,
    kind: 'vevent' | 'vtodo',
    { key, signal }: CallOptions,
    fill: (made: ICAL.Component) => void,
  ) => {
    const calendar = await session.calendar(wanted, signal);
    const uid = createHash('sha256').update(`chp/${kind}/${key}`).digest('hex').slice(0, 40);
    const { calendar: object, made } = newObject(kind, uid);
    fill(made);
    const url = new URL(`${uid}.ics`, `${calendar.url.replace(/\/?$/, '/')}`).href;
    // The name is ours alone: it is there because an earlier attempt got through.
    if (await session.create(calendar, `${uid}.ics`, object.toString(), signal)) return { url, object };
    const stored = await session.object(calendar, url, signal);
    if (!stored) throw failure('refused', `the calendar server does not take ${url}`);
    return { url, object: parse(stored.data) };
  };

  return connectorOf(
    NAME,
    {
      idempotent: new Set(['create-event', 'update-event', 'delete-event', 'create-task', 'complete-task']),
      operations: {
        'list-calendars': async (_: unknown, { signal }) => ({
          calendars: (await session.calendars(signal)).map((calendar) => ({
            id: calendar.url,
            name: nameOf(calendar),
            writable: isWritable(calendar),
          })),
        }),

        'list-events': async (args: Window & { query?: string; max: number }, { signal }) => {
          const words = args.query?.toLowerCase();
          const events = (await list(args, signal))
            .map(({ stored, ...one }) => eventOf(args.calendar, stored.url, one, zone))
            .filter(
              (event) =>
                !words || `${event.title}\n${event.location}\n${event.description}`.toLowerCase().includes(words),
            );
          return { events: events.slice(0, args.max) };
        },

        'free-busy': async (args: { calendars: string[]; from: string; to: string }, { signal }) => {
          const lists = await Promise.all(args.calendars.map((calendar) => list({ ...args, calendar }, signal)));
          const busy = lists.flatMap((found, at) =>
            found
              .filter(({ vevent }) => String(vevent.getFirstPropertyValue('transp') ?? '') !== 'TRANSPARENT')
              .map(({ startMs, endMs }) => ({
                calendar: args.calendars[at] ?? '',
                start: isoIn(zone, startMs),
                end: isoIn(zone, endMs),
              })),
          );
          return { busy };
        },

        'create-event': async (args: EventFields & { calendar: string; start: string; end: string }, options) => {
          checkOrder(args.start, args.end, zone);
          const { url, object } = await create(args.calendar, 'vevent', options, (made) => write(made, args, zone));
          const made = occurrenceAt(object, null, zone);
          return only(made ? [made] : [], (one) => eventOf(args.calendar, url, one, zone));
        },

        'update-event': async (args: EventFields & { calendar: string; event: string }, { signal }) => {
          const { url, place } = splitId(args.event);
          return edit(args.calendar, url, signal, (component) => {
            const was = chosen(component, url, place);
            if (!was) throw failure('not-found', `there is no ${args.event}`);
            const before = eventOf(args.calendar, url, was, zone);
            checkOrder(args.start ?? before.start, args.end ?? before.end, zone);
            if ((args.start ?? before.start).length > 10 !== (args.end ?? before.end).length > 10)
              throw failure('refused', 'start and end must both be days, or both be times');
            write(place === null ? was.vevent : overrideOf(component, was), args, zone);
            const now = chosen(component, url, place);
            return { result: only(now ? [now] : [], (one) => eventOf(args.calendar, url, one, zone)) };
          });
        },

        'delete-event': async (args: { calendar: string; event: string }, { signal }) => {
          const { url, place } = splitId(args.event);
          const calendar = await session.calendar(args.calendar, signal);
          if (!(await session.object(calendar, url, signal))) return { deleted: false };
          return edit(args.calendar, url, signal, (component) => {
            if (place === null) return { result: { deleted: true }, remove: true };
            const was = chosen(component, url, place);
            if (!was) return { result: { deleted: false }, unchanged: true };
            exclude(component, was);
            return { result: { deleted: true } };
          });
        },

        'list-tasks': async (args: { calendar: string; status: 'open' | 'done' | 'all' }, { signal }) => {
          const calendar = await session.calendar(args.calendar, signal);
          const tasks = (await session.objects(calendar, 'VTODO', null, signal))
            .flatMap(({ url, data }) =>
              parse(data)
                .getAllSubcomponents('vtodo')
                .map((vtodo) => taskOf(args.calendar, url, vtodo, zone)),
            )
            .filter(({ status }) => args.status === 'all' || status === args.status);
          return { tasks };
        },

        'create-task': async (args: { calendar: string; title: string; due?: string; notes?: string }, options) => {
          const { url, object } = await create(args.calendar, 'vtodo', options, (made) => {
            made.addPropertyWithValue('summary', args.title);
            made.addPropertyWithValue('status', 'NEEDS-ACTION');
            if (args.due !== undefined) writeTime(made, 'due', args.due, zone);
            if (args.notes !== undefined) made.addPropertyWithValue('description', args.notes);
          });
          return only(object.getAllSubcomponents('vtodo'), (vtodo) => taskOf(args.calendar, url, vtodo, zone));
        },

        'complete-task': (args: { calendar: string; task: string }, { signal }) =>
          edit(args.calendar, args.task, signal, (component) =>
            only(component.getAllSubcomponents('vtodo'), (vtodo) => {
              const done = taskOf(args.calendar, args.task, vtodo, zone).status === 'done';
              if (!done) complete(vtodo);
              return { result: taskOf(args.calendar, args.task, vtodo, zone), unchanged: done };
            }),
          ),
      },
      async check(signal) {
        const calendars = await session.calendars(signal);
        return `signed in; ${calendars.length} calendars: ${calendars.map(nameOf).join(', ')}`;
      },
    },
    Number(setup.settings.perMinute ?? PER_MINUTE),
  );
}

function only<T, R>([one]: T[], map: (one: T) => R): R {
  if (one === undefined) throw failure('refused', 'the calendar server keeps something else under that name');
  return map(one);
}
