import { createHash } from 'node:crypto';
import { failure } from '../../../core/http.ts';
import { type CallOptions, type Connector, VerbFailure } from '../../../core/ports/automation.ts';
import { baseUrl, type Setup } from '../config.ts';
import { connectorOf } from '../connector.ts';
import { checkOrder, instantOf, isoIn } from '../times.ts';
import { GoogleApi } from './api.ts';
import { bodyOf, type EventFields, eventOf, type GoogleEvent } from './events.ts';
import { type Credentials, Tokens } from './tokens.ts';

const NAME = 'google-calendar';
const PER_MINUTE = 300;
/** How often a change is tried anew when somebody else changed the event in between. */
const UPDATE_ATTEMPTS = 3;

/** @throws VerbFailure when the service account's key can't be read */
export function googleCalendar(setup: Setup): Connector {
  const zone = setup.timezone;
  const tokenUrl = setup.url ? `${baseUrl(setup, '')}/token` : 'https://oauth2.googleapis.com/token';
  const google = new GoogleApi(
    `${baseUrl(setup, 'https://www.googleapis.com')}/calendar/v3`,
    new Tokens(tokenUrl, credentialsOf(setup)),
  );
  const eventsOf = (calendar: string, event?: string) =>
    `/calendars/${encodeURIComponent(calendar)}/events${event === undefined ? '' : `/${encodeURIComponent(event)}`}`;
  const read = async (calendar: string, event: string, signal: AbortSignal) =>
    (await google.call(eventsOf(calendar, event), { signal })).json as unknown as GoogleEvent;
  const time = (text: string) => isoIn(zone, instantOf(text, zone));
  const tell = (attendees: string[] | undefined) => ({ sendUpdates: attendees?.length ? 'all' : undefined });

  return connectorOf(
    NAME,
    {
      idempotent: new Set(['create-event', 'update-event', 'delete-event']),
      operations: {
        'list-calendars': async (_: unknown, { signal }) => ({
          calendars: (await google.list('/users/me/calendarList', { signal }, 1000)).map((item) => ({
            id: String(item.id),
            name: String(item.summaryOverride ?? item.summary ?? item.id),
            writable: item.accessRole === 'owner' || item.accessRole === 'writer',
          })),
        }),

        'list-events': async (
          args: { calendar: string; from: string; to: string; query?: string; max: number },
          { signal },
        ) => {
          checkOrder(args.from, args.to, zone);
          const query = {
            timeMin: time(args.from),
            timeMax: time(args.to),
            timeZone: zone,
            singleEvents: true,
            orderBy: 'startTime',
            q: args.query,
          };
          const items = await google.list(eventsOf(args.calendar), { query, signal }, args.max);
          return { events: items.map((item) => eventOf(args.calendar, item as unknown as GoogleEvent)) };
        },

        'free-busy': async (args: { calendars: string[]; from: string; to: string }, { signal }) => {
          checkOrder(args.from, args.to, zone);
          const body = {
            timeMin: time(args.from),
            timeMax: time(args.to),
            timeZone: zone,
            items: args.calendars.map((id) => ({ id })),
          };
          const { json } = await google.call('/freeBusy', { method: 'POST', body, signal });
          return { busy: args.calendars.flatMap((calendar) => busyOf(json, calendar)) };
        },

        'create-event': async (args: EventFields & { calendar: string; start: string; end: string }, options) => {
          checkOrder(args.start, args.end, zone);
          const id = eventIdOf(options);
          const answer = await google.call(eventsOf(args.calendar), {
            method: 'POST',
            query: tell(args.attendees),
            body: { id, ...bodyOf(args, zone) },
            expect: [409],
            signal: options.signal,
          });
          // The id is ours alone: it is there because an earlier attempt got through.
          if (answer.status === 409) return eventOf(args.calendar, await read(args.calendar, id, options.signal));
          return eventOf(args.calendar, answer.json as unknown as GoogleEvent);
        },

        'update-event': async (args: EventFields & { calendar: string; event: string }, { signal }) => {
          for (let attempt = 1; attempt <= UPDATE_ATTEMPTS; attempt++) {
            const before = await read(args.calendar, args.event, signal);
            const was = eventOf(args.calendar, before);
            checkOrder(args.start ?? was.start, args.end ?? was.end, zone);
            const answer = await google.call(eventsOf(args.calendar, args.event), {
              method: 'PATCH',
              query: tell(args.attendees),
              body: bodyOf(args, zone),
              etag: before.etag,
              expect: [412],
              signal,
            });
            if (answer.status !== 412) return eventOf(args.calendar, answer.json as unknown as GoogleEvent);
          }
          throw failure('refused', `the event ${args.event} is changed by somebody else again and again`);
        },

        'delete-event': async (args: { calendar: string; event: string }, { signal }) => {
          const path = eventsOf(args.calendar, args.event);
          const { status } = await google.call(path, { method: 'DELETE', expect: [410], signal });
          return { deleted: status !== 410 };
        },
      },
      async check(signal) {
        const [first] = await google.list('/users/me/calendarList', { signal }, 1);
        return `signed in; ${first ? `sees ${String(first.summary ?? first.id)}` : 'no calendar is shared with it yet'}`;
      },
    },
    Number(setup.settings.perMinute ?? PER_MINUTE),
  );
}

/** Letters a-v and digits are allowed; hex is a part of them. The same key gives the same event. */
function eventIdOf({ key }: CallOptions): string {
  return createHash('sha256').update(`chp/event/${key}`).digest('hex').slice(0, 40);
}

function busyOf(json: Record<string, unknown> | null, calendar: string) {
  const all = (json?.calendars ?? {}) as Record<
    string,
    { busy?: { start: string; end: string }[]; errors?: { reason?: string }[] }
  >;
  const found = all[calendar];
  const reason = found?.errors?.[0]?.reason;
  if (reason) throw failure(reason === 'notFound' ? 'not-found' : 'refused', `no free/busy of ${calendar}: ${reason}`);
  return (found?.busy ?? []).map(({ start, end }) => ({ calendar, start, end }));
}

function credentialsOf({ secrets, settings }: Setup): Credentials {
  const { serviceAccount, clientId = '', clientSecret = '', refreshToken = '' } = secrets;
  if (serviceAccount === undefined) return { clientId, clientSecret, refreshToken };
  try {
    const { client_email: email, private_key: privateKey } = JSON.parse(serviceAccount) as Record<string, unknown>;
    if (typeof email !== 'string' || typeof privateKey !== 'string') throw new Error('fields');
    return { email, privateKey, subject: settings.subject === undefined ? undefined : String(settings.subject) };
  } catch {
    // Nothing of the text goes into the message.
    throw new VerbFailure('auth', 'the service account is not the JSON of a key file (client_email, private_key)');
  }
}
