const HOUR = 3_600_000;

/** Hours after the begin of the window that is asked for. */
const DAY = [
  { id: 'demo1', hours: 8, long: 1, summary: 'School run (demo)' },
  { id: 'demo2', hours: 16, long: 1, summary: 'Football practice (demo)' },
  { id: 'demo3', hours: 16.5, long: 0.5, summary: 'Dentist (demo)' },
] as const;

/**
 * The part of Google Calendar's API (developers.google.com/workspace/calendar/api/v3/reference) that lets a pack be tried
 * without an account: a sign-in that takes anybody, and one day with a clash. Its events say that they are a demo.
 * @returns null for a path that is none of its own
 */
export function demoCalendar(method: string | undefined, url: URL): { status: number; body: object } | null {
  if (url.pathname === '/token' && method === 'POST')
    return { status: 200, body: { access_token: 'demo', expires_in: 3600, token_type: 'Bearer' } };
  if (url.pathname === '/calendar/v3/users/me/calendarList' && method === 'GET')
    return { status: 200, body: { kind: 'calendar#calendarList', items: [{ id: 'primary', summary: 'Demo' }] } };
  const calendar = /^\/calendar\/v3\/calendars\/([^/]+)\/events$/.exec(url.pathname)?.[1];
  if (calendar === undefined || method !== 'GET') return null;
  const [from, to] = [url.searchParams.get('timeMin'), url.searchParams.get('timeMax')].map((text) =>
    Date.parse(text ?? ''),
  );
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to))
    return { status: 400, body: { error: { code: 400, message: 'timeMin and timeMax are needed' } } };
  const at = (hours: number) => new Date(from + hours * HOUR).toISOString();
  const items = DAY.filter(({ hours }) => from + hours * HOUR < to).map(({ id, hours, long, summary }) => ({
    kind: 'calendar#event',
    id,
    etag: `"${id}"`,
    status: 'confirmed',
    summary,
    start: { dateTime: at(hours) },
    end: { dateTime: at(hours + long) },
  }));
  return { status: 200, body: { kind: 'calendar#events', summary: decodeURIComponent(calendar), items } };
}
