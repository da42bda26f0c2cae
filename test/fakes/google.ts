import { type GoogleAccounts, GoogleAuth } from './google-auth.ts';
import { at, etagOf, instancesOf, type StoredEvent, shown } from './google-events.ts';
import { type Answer, type Asked, bearerOf, type Fake, serve } from './server.ts';

export interface GoogleOptions extends Partial<Omit<GoogleAccounts, 'audience'>> {
  port?: number;
  host?: string;
  calendars?: FakeCalendar[];
}

export interface FakeCalendar {
  id: string;
  summary: string;
  timeZone: string;
  accessRole: 'owner' | 'writer' | 'reader';
  events?: Partial<StoredEvent>[];
}

export interface FakeGoogle extends Fake {
  /** Events of a calendar by id, as they are now. */
  events(calendar: string): Map<string, StoredEvent>;
  /** Every access token so far is refused with 401. */
  revokeTokens(): void;
}

type Calendar = FakeCalendar & { stored: Map<string, StoredEvent> };
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Google's token endpoint and Calendar API v3 (developers.google.com/workspace/calendar/api/v3/reference). */
export async function startGoogle(options: GoogleOptions = {}): Promise<FakeGoogle> {
  const calendars = new Map<string, Calendar>();
  const family: FakeCalendar = {
    id: 'family@example.com',
    summary: 'Family',
    timeZone: 'Europe/Berlin',
    accessRole: 'owner',
  };
  for (const calendar of options.calendars ?? [family]) {
    const stored = new Map<string, StoredEvent>();
    for (const event of calendar.events ?? []) {
      const id = event.id ?? `seed${stored.size}0000`;
      stored.set(id, { status: 'confirmed', start: {}, end: {}, ...event, id });
    }
    calendars.set(calendar.id, { ...calendar, stored });
  }
  let url = '';
  const auth = new GoogleAuth({
    clientId: 'client-1',
    clientSecret: 'client-secret-1',
    refreshToken: 'refresh-token-1',
    tokenSeconds: 3599,
    ...options,
    audience: () => `${url}/token`,
  });
  const fake = await serve((asked) => {
    if (asked.path === '/token') return auth.token(asked);
    if (!asked.path.startsWith('/calendar/v3/')) return { status: 404, body: 'Not Found' };
    if (!auth.valid(bearerOf(asked))) return error(401, 'authError', 'Invalid Credentials');
    return route(calendars, asked);
  }, options);
  url = fake.url;
  return {
    ...fake,
    events: (id) => calendars.get(id)?.stored ?? new Map(),
    revokeTokens: () => auth.revokeTokens(),
  };
}

function route(calendars: Map<string, Calendar>, asked: Asked): Answer {
  const parts = asked.path.slice('/calendar/v3/'.length).split('/').map(decodeURIComponent);
  let body: Record<string, unknown> = {};
  try {
    if (asked.body) body = JSON.parse(asked.body);
  } catch {
    return error(400, 'parseError', 'Parse Error');
  }
  if (asked.method === 'GET' && parts.join('/') === 'users/me/calendarList') return calendarList(calendars, asked);
  if (asked.method === 'POST' && parts.join('/') === 'freeBusy') return freeBusy(calendars, body);
  if (parts[0] !== 'calendars' || parts[2] !== 'events' || parts.length > 4) return error(404, 'notFound', 'Not Found');
  const calendar = calendars.get(parts[1] ?? '');
  if (!calendar) return error(404, 'notFound', 'Not Found');
  if (asked.method !== 'GET' && calendar.accessRole === 'reader')
    return error(403, 'requiredAccessLevel', 'You need to have writer access to this calendar.');
  const id = parts[3];
  if (id === undefined) {
    if (asked.method === 'GET') return list(calendar, asked);
    return asked.method === 'POST' ? insert(calendar, body) : error(404, 'notFound', 'Not Found');
  }
  return one(calendar, id, asked, body);
}

function one(calendar: Calendar, id: string, asked: Asked, body: Record<string, unknown>): Answer {
  const event = calendar.stored.get(id);
  if (!event) return error(404, 'notFound', 'Not Found');
  const condition = asked.headers['if-match'];
  if (condition !== undefined && condition !== '*' && condition !== etagOf(event))
    return error(412, 'conditionNotMet', 'Precondition Failed');
  if (asked.method === 'GET') return found(event);
  if (asked.method === 'DELETE') {
    if (event.status === 'cancelled') return error(410, 'deleted', 'Resource has been deleted');
    calendar.stored.set(id, { ...event, status: 'cancelled' });
    return { status: 204 };
  }
  if (asked.method !== 'PATCH') return error(404, 'notFound', 'Not Found');
  const merge = (old: object, now: unknown) => withoutNulls({ ...old, ...(now as object) });
  const next = {
    ...event,
    ...body,
    ...(body.start ? { start: merge(event.start, body.start) } : {}),
    ...(body.end ? { end: merge(event.end, body.end) } : {}),
  } as StoredEvent;
  return timesProblem(next, calendar) ?? keep(calendar, next);
}

function insert(calendar: Calendar, body: Record<string, unknown>): Answer {
  const id = body.id === undefined ? `made${calendar.stored.size}${Date.now()}` : String(body.id);
  if (!/^[a-v0-9]{5,1024}$/.test(id)) return error(400, 'invalid', 'Invalid resource id value.');
  if (calendar.stored.has(id)) return error(409, 'duplicate', 'The requested identifier already exists.');
  const event = {
    ...body,
    id,
    status: 'confirmed',
    start: withoutNulls(body.start),
    end: withoutNulls(body.end),
  } as StoredEvent;
  return timesProblem(event, calendar) ?? keep(calendar, event);
}

function keep(calendar: Calendar, event: StoredEvent): Answer {
  calendar.stored.set(event.id, event);
  return found(event);
}

function timesProblem(event: StoredEvent, calendar: Calendar): Answer | null {
  const [start, end] = [at(event.start, calendar.timeZone), at(event.end, calendar.timeZone)];
  if (start === null) return error(400, 'required', 'Missing or invalid start time.');
  if (end === null) return error(400, 'required', 'Missing end time.');
  const forms = [event.start, event.end].map((time) =>
    time.date && time.dateTime ? 'both' : time.date ? 'date' : 'time',
  );
  if (forms[0] !== forms[1] || forms.includes('both')) return error(400, 'invalid', 'Invalid start time.');
  if (end < start) return error(400, 'timeRangeEmpty', 'The specified time range is empty.');
  return null;
}

function list(calendar: Calendar, { query }: Asked): Answer {
  const single = query.get('singleEvents') === 'true';
  const [min, max] = [query.get('timeMin'), query.get('timeMax')];
  if ([min, max].some((time) => time !== null && !RFC3339.test(time))) return error(400, 'badRequest', 'Bad Request');
  const [from, to] = [min ? Date.parse(min) : -Infinity, max ? Date.parse(max) : Infinity];
  if (from >= to) return error(400, 'timeRangeEmpty', 'The specified time range is empty.');
  if (query.get('orderBy') === 'startTime' && !single)
    return error(400, 'badRequest', 'The requested ordering is not available for the particular query.');
  const zone = query.get('timeZone') ?? calendar.timeZone;
  const words = query.get('q')?.toLowerCase();
  const items = [...calendar.stored.values()]
    .filter(({ status }) => status !== 'cancelled')
    .filter(
      (event) => !words || `${event.summary} ${event.description} ${event.location}`.toLowerCase().includes(words),
    )
    .flatMap((event) => (single ? instancesOf(event, calendar.timeZone, to) : [event]))
    .filter(({ start, end }) => (at(end, calendar.timeZone) ?? 0) > from && (at(start, calendar.timeZone) ?? 0) < to)
    .sort((a, b) => (at(a.start, calendar.timeZone) ?? 0) - (at(b.start, calendar.timeZone) ?? 0))
    .map((event) => ({ ...event, etag: etagOf(event), start: shown(event.start, zone), end: shown(event.end, zone) }));
  const page = paged(items, query);
  return 'status' in page
    ? page
    : { status: 200, body: { kind: 'calendar#events', summary: calendar.summary, timeZone: zone, ...page } };
}

function calendarList(calendars: Map<string, Calendar>, { query }: Asked): Answer {
  const page = paged(
    [...calendars.values()].map(({ id, summary, timeZone, accessRole }) => ({ id, summary, timeZone, accessRole })),
    query,
  );
  return 'status' in page ? page : { status: 200, body: { kind: 'calendar#calendarList', ...page } };
}

function paged<T>(items: T[], query: URLSearchParams): Answer | { items: T[]; nextPageToken?: string } {
  const size = Number(query.get('maxResults') ?? 250);
  if (!Number.isInteger(size) || size < 1) return error(400, 'invalidParameter', `Invalid value '${size}'.`);
  const token = query.get('pageToken');
  if (token !== null && !/^p\d+$/.test(token)) return error(400, 'invalidParameter', 'Invalid page token value.');
  const begin = Number(token?.slice(1) ?? 0);
  const end = begin + Math.min(size, 2500);
  return { items: items.slice(begin, end), ...(end < items.length ? { nextPageToken: `p${end}` } : {}) };
}

function freeBusy(calendars: Map<string, Calendar>, body: Record<string, unknown>): Answer {
  const { timeMin, timeMax, items } = body as { timeMin?: string; timeMax?: string; items?: { id: string }[] };
  if (!RFC3339.test(timeMin ?? '') || !RFC3339.test(timeMax ?? '')) return error(400, 'badRequest', 'Bad Request');
  const [from, to] = [Date.parse(timeMin ?? ''), Date.parse(timeMax ?? '')];
  const answers = (items ?? []).map(({ id }) => {
    const calendar = calendars.get(id);
    if (!calendar) return [id, { errors: [{ domain: 'global', reason: 'notFound' }], busy: [] }];
    const busy = [...calendar.stored.values()]
      .filter(({ status }) => status !== 'cancelled')
      .flatMap((event) => instancesOf(event, calendar.timeZone, to))
      .map((event) => [at(event.start, calendar.timeZone) ?? 0, at(event.end, calendar.timeZone) ?? 0] as const)
      .filter(([start, end]) => end > from && start < to)
      .map(([start, end]) => ({ start: new Date(start).toISOString(), end: new Date(end).toISOString() }));
    return [id, { busy }];
  });
  return { status: 200, body: { kind: 'calendar#freeBusy', timeMin, timeMax, calendars: Object.fromEntries(answers) } };
}

const found = (event: StoredEvent): Answer => ({
  status: 200,
  headers: { etag: etagOf(event) },
  body: {
    kind: 'calendar#event',
    etag: etagOf(event),
    htmlLink: `https://www.google.com/calendar/event?eid=${event.id}`,
    ...event,
  },
});

const withoutNulls = (value: unknown) =>
  Object.fromEntries(Object.entries((value ?? {}) as object).filter(([, item]) => item !== null));

const error = (code: number, reason: string, message: string): Answer => ({
  status: code,
  body: { error: { errors: [{ domain: 'global', reason, message }], code, message } },
});
