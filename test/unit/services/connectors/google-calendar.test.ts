import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redactor } from '../../../../src/core/redact.ts';
import { googleCalendar } from '../../../../src/services/connectors/google-calendar/index.ts';
import { type FakeGoogle, type GoogleOptions, startGoogle } from '../../../fakes/google.ts';
import { failureOf, options, setupOf } from './support.ts';

const CALENDAR = 'family@example.com';
const secrets = { clientId: 'client-1', clientSecret: 'client-secret-1', refreshToken: 'refresh-token-1' };
const day = { calendar: CALENDAR, from: '2026-11-25', to: '2026-11-26' };

let google: FakeGoogle;
const start = async (more: GoogleOptions = {}) => {
  google = await startGoogle({
    calendars: [
      {
        id: CALENDAR,
        summary: 'Family',
        timeZone: 'Europe/Berlin',
        accessRole: 'owner',
        events: [
          {
            summary: 'Dentist',
            start: { dateTime: '2026-11-25T09:00:00+01:00' },
            end: { dateTime: '2026-11-25T09:30:00+01:00' },
            location: 'Main St 1',
          },
          { summary: 'Holiday', start: { date: '2026-11-25' }, end: { date: '2026-11-26' } },
          {
            id: 'practice',
            summary: 'Practice',
            start: { dateTime: '2026-10-21T17:00:00', timeZone: 'Europe/Berlin' },
            end: { dateTime: '2026-10-21T18:00:00', timeZone: 'Europe/Berlin' },
            recurrence: ['RRULE:FREQ=WEEKLY'],
          },
          {
            summary: 'Tomorrow',
            start: { dateTime: '2026-11-26T00:00:00+01:00' },
            end: { dateTime: '2026-11-26T01:00:00+01:00' },
          },
        ],
      },
      { id: 'school', summary: 'School', timeZone: 'Europe/Berlin', accessRole: 'reader' },
    ],
    ...more,
  });
  return google;
};
const connector = (more: Parameters<typeof setupOf>[0] = {}) =>
  googleCalendar(setupOf({ url: google.url, secrets, ...more }));
const pathsOf = (method: string) => google.requests.filter((asked) => asked.method === method).map(({ path }) => path);

beforeEach(async () => void (await start()));
afterEach(() => google.close());

describe('reading', () => {
  test('a day in the family’s zone: repeated ones expanded, in order, with the summer-time hour kept', async () => {
    const { events } = (await connector().call('list-events', day, options())) as any;
    expect(events.map(({ title, start, allDay }: any) => [title, start, allDay])).toEqual([
      ['Holiday', '2026-11-25', true],
      ['Dentist', '2026-11-25T09:00:00+01:00', false],
      ['Practice', '2026-11-25T17:00:00+01:00', false],
    ]);
    expect(events[1]).toMatchObject({
      calendar: CALENDAR,
      location: 'Main St 1',
      description: null,
      status: 'confirmed',
    });
  });

  test('asks for all pages, and for no more than was wanted', async () => {
    const many = Array.from({ length: 300 }, (_, i) => ({
      summary: `E${i}`,
      start: { dateTime: `2026-11-25T0${i % 9}:00:00Z` },
      end: { dateTime: `2026-11-25T0${i % 9}:30:00Z` },
    }));
    await google.close();
    await start({
      calendars: Array.from({ length: 260 }, (_, i) => ({
        id: `c${i}`,
        summary: `C${i}`,
        timeZone: 'UTC',
        accessRole: 'owner' as const,
        events: i === 0 ? many : [],
      })),
    });
    const { calendars } = (await connector().call('list-calendars', {}, options())) as any;
    expect(calendars).toHaveLength(260);
    expect(calendars[259]).toEqual({ id: 'c259', name: 'C259', writable: true });
    const { events } = (await connector().call('list-events', { ...day, calendar: 'c0', max: 7 }, options())) as any;
    expect(events).toHaveLength(7);
  });

  test('words, busy times, and a calendar that is not there', async () => {
    const it = connector();
    expect(((await it.call('list-events', { ...day, query: 'dent' }, options())) as any).events).toHaveLength(1);
    expect(
      await it
        .call('free-busy', { ...day, calendars: [CALENDAR], calendar: undefined }, options())
        .catch((e) => e.kind),
    ).toBe('refused');
    const { busy } = (await it.call(
      'free-busy',
      { from: '2026-11-25T08:00:00+01:00', to: '2026-11-25T20:00:00+01:00', calendars: [CALENDAR] },
      options(),
    )) as any;
    expect(busy).toContainEqual({
      calendar: CALENDAR,
      start: '2026-11-25T08:00:00.000Z',
      end: '2026-11-25T08:30:00.000Z',
    });
    expect(
      await failureOf(it.call('free-busy', { from: day.from, to: day.to, calendars: ['gone'] }, options())),
    ).toMatchObject({ kind: 'not-found' });
    expect(await failureOf(it.call('list-events', { ...day, calendar: 'gone' }, options()))).toMatchObject({
      kind: 'not-found',
    });
  });

  test('the end before the start is refused here', async () => {
    const failure = await failureOf(connector().call('list-events', { ...day, to: day.from }, options()));
    expect(failure).toMatchObject({ kind: 'refused', message: expect.stringContaining('not after the start') });
    expect(google.requests).toEqual([]);
  });
});

describe('changes', () => {
  const event = {
    calendar: CALENDAR,
    title: 'Vet',
    start: '2026-12-01T10:00:00+01:00',
    end: '2026-12-01T11:00:00+01:00',
  };
  const made = () => [...google.events(CALENDAR).values()].filter(({ summary }) => summary === 'Vet');

  test('a key makes one event, also when the first answer was lost', async () => {
    const it = connector();
    expect(it.idempotent('create-event')).toBe(true);
    google.fail({ match: /POST .*events/, cut: 'after' });
    expect(await failureOf(it.call('create-event', event, options('run/step')))).toMatchObject({ kind: 'unavailable' });
    const again = (await it.call('create-event', event, options('run/step'))) as any;
    expect(again).toMatchObject({ title: 'Vet', start: '2026-12-01T10:00:00+01:00', allDay: false });
    expect(made()).toHaveLength(1);
    expect(((await it.call('create-event', event, options('run/other'))) as any).id).not.toBe(again.id);
    expect(made()).toHaveLength(2);
  });

  test('all-day events, and guests who are told', async () => {
    const given = {
      calendar: CALENDAR,
      title: 'Trip',
      start: '2026-12-24',
      end: '2026-12-27',
      attendees: ['a@example.com'],
    };
    const trip = (await connector().call('create-event', given, options())) as any;
    expect(trip).toMatchObject({ start: '2026-12-24', end: '2026-12-27', allDay: true, attendees: ['a@example.com'] });
    expect(google.requests.at(-1)?.query.get('sendUpdates')).toBe('all');
  });

  test('an update keeps what it does not name, and can turn a time into a day', async () => {
    const it = connector();
    const { id } = (await it.call('create-event', { ...event, location: 'Vet St' }, options())) as any;
    const moved = { calendar: CALENDAR, event: id, start: '2026-12-02', end: '2026-12-03' };
    expect(await it.call('update-event', moved, options())).toMatchObject({
      start: '2026-12-02',
      allDay: true,
      location: 'Vet St',
      title: 'Vet',
    });
    const wrong = { calendar: CALENDAR, event: id, end: '2026-12-01' };
    expect(await failureOf(it.call('update-event', wrong, options()))).toMatchObject({ kind: 'refused' });
  });

  test('somebody else’s change in between is seen: the event is read anew', async () => {
    const it = connector();
    const { id } = (await it.call('create-event', event, options())) as any;
    google.fail({ match: /PATCH/, status: 412, body: { error: { code: 412, message: 'Precondition Failed' } } });
    expect(await it.call('update-event', { calendar: CALENDAR, event: id, title: 'Vet 2' }, options())).toMatchObject({
      title: 'Vet 2',
    });
    const patches = google.requests.filter(({ method }) => method === 'PATCH');
    expect(patches.map(({ headers }) => headers['if-match'])).toEqual([
      expect.stringMatching(/^"/),
      expect.stringMatching(/^"/),
    ]);
    google.fail({ match: /PATCH/, status: 412, times: 3 });
    expect(
      await failureOf(it.call('update-event', { calendar: CALENDAR, event: id, title: 'X' }, options())),
    ).toMatchObject({ kind: 'refused' });
  });

  test('deleting twice is no failure; a calendar that may only be read is one', async () => {
    const it = connector();
    const { id } = (await it.call('create-event', event, options())) as any;
    expect(await it.call('delete-event', { calendar: CALENDAR, event: id }, options())).toEqual({ deleted: true });
    expect(await it.call('delete-event', { calendar: CALENDAR, event: id }, options())).toEqual({ deleted: false });
    expect(await failureOf(it.call('delete-event', { calendar: CALENDAR, event: 'never0' }, options()))).toMatchObject({
      kind: 'not-found',
    });
    expect(await failureOf(it.call('create-event', { ...event, calendar: 'school' }, options()))).toMatchObject({
      kind: 'auth',
      message: expect.stringContaining('writer access'),
    });
  });
});

describe('signing in', () => {
  test('one token serves many calls; one that is refused is fetched anew, once', async () => {
    const it = connector();
    await Promise.all([it.call('list-events', day, options()), it.call('list-calendars', {}, options())]);
    expect(pathsOf('POST')).toEqual(['/token']);
    google.revokeTokens();
    await it.call('list-events', day, options());
    expect(pathsOf('POST')).toEqual(['/token', '/token']);
    google.fail({ match: /calendarList/, status: 401, times: 2 });
    expect(await failureOf(it.call('list-calendars', {}, options()))).toMatchObject({ kind: 'auth' });
  });

  test('a token near its end is not used', async () => {
    await google.close();
    await start({ tokenSeconds: 30 });
    const it = connector();
    await it.call('list-events', day, options());
    await it.call('list-events', day, options());
    expect(pathsOf('POST')).toEqual(['/token', '/token']);
  });

  test.each([
    [{ refreshToken: 'revoked' }, /invalid_grant.*expired or revoked/],
    [{ clientSecret: 'wrong-secret' }, /invalid_client/],
  ])('a grant that is gone: %o', async (wrong, message) => {
    const failure = await failureOf(
      connector({ secrets: { ...secrets, ...wrong } }).call('list-calendars', {}, options()),
    );
    expect(failure).toMatchObject({ kind: 'auth', message: expect.stringMatching(message) });
  });

  test('a service account signs with its own key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const file = (key: typeof privateKey) => ({
      serviceAccount: JSON.stringify({
        client_email: 'chp@project.iam',
        private_key: key.export({ type: 'pkcs8', format: 'pem' }),
      }),
    });
    await google.close();
    await start({ serviceAccount: { email: 'chp@project.iam', publicKey: pem } });
    expect(await connector({ secrets: file(privateKey) }).check(options().signal)).toEqual({
      ok: true,
      detail: expect.stringContaining('Family'),
    });
    const other = file(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
    expect(await connector({ secrets: other }).check(options().signal)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('Invalid JWT Signature'),
    });
    for (const broken of ['{"client_email":"x"', '{"client_email":"x","private_key":7}'])
      expect(() => connector({ secrets: { serviceAccount: broken } })).toThrow(/not the JSON of a key file/);
    const garbled = { serviceAccount: JSON.stringify({ client_email: 'chp@project.iam', private_key: 'canary-key' }) };
    const failure = await failureOf(connector({ secrets: garbled }).call('list-calendars', {}, options()));
    expect(failure).toMatchObject({ kind: 'auth', message: expect.not.stringContaining('canary-key') });
  });
});

describe('failures', () => {
  const quota = (reason: string) => ({
    error: { code: 403, message: 'Rate Limit Exceeded', errors: [{ reason, domain: 'usageLimits' }] },
  });
  test.each([
    [
      { status: 403, body: quota('rateLimitExceeded') },
      { kind: 'rate-limited', retryable: true },
    ],
    [
      { status: 403, body: quota('userRateLimitExceeded'), headers: { 'retry-after': '7' } },
      { kind: 'rate-limited', retryAfterMs: 7000 },
    ],
    [
      { status: 403, body: quota('forbidden') },
      { kind: 'auth', retryable: false },
    ],
    [
      { status: 429, headers: { 'retry-after': '3' } },
      { kind: 'rate-limited', retryAfterMs: 3000 },
    ],
    [{ status: 503 }, { kind: 'unavailable' }],
    [{ status: 500 }, { kind: 'unavailable' }],
    [
      { status: 400, body: { error: { code: 400, message: 'Bad Request' } } },
      { kind: 'refused', message: 'Google Calendar answered 400: Bad Request' },
    ],
    [{ status: 200, body: 'no json' }, { kind: 'unavailable' }],
    [{ cut: 'before' as const }, { kind: 'unavailable', message: expect.stringContaining('did not answer') }],
  ])('%o', async (fault, expected) => {
    google.fail({ match: /calendarList/, ...fault });
    expect(await failureOf(connector().call('list-calendars', {}, options()))).toMatchObject(expected);
  });

  test('Retry-After keeps later calls away, too', async () => {
    const it = connector();
    google.fail({ match: /calendarList/, status: 429, headers: { 'retry-after': '60' } });
    await failureOf(it.call('list-calendars', {}, options()));
    const before = google.requests.length;
    const failure = await failureOf(it.call('list-calendars', {}, options()));
    expect(failure).toMatchObject({ kind: 'rate-limited' });
    expect(failure.retryAfterMs).toBeGreaterThan(55_000);
    expect(google.requests).toHaveLength(before);
  });

  test('our own limit', async () => {
    const it = connector({ settings: { perMinute: 2 } });
    await it.call('list-calendars', {}, options());
    await it.call('list-calendars', {}, options());
    expect(await failureOf(it.call('list-calendars', {}, options()))).toMatchObject({ kind: 'rate-limited' });
  });

  test('a caller who gives up gets an answer at once', async () => {
    google.fail({ match: /calendarList/, cut: 'hang' });
    const failure = await failureOf(connector().call('list-calendars', {}, options('k', AbortSignal.timeout(50))));
    expect(failure).toMatchObject({ kind: 'unavailable' });
  });

  test('arguments that are not the table’s are refused before anything is sent', async () => {
    for (const [operation, args] of [
      ['list-events', { ...day, from: 'yesterday' }],
      ['list-events', { ...day, max: 0 }],
      ['list-events', { ...day, extra: 1 }],
      ['no-such', {}],
      ['__proto__', {}],
    ] as const)
      expect(await failureOf(connector().call(operation, args, options()))).toMatchObject({ kind: 'refused' });
    expect(google.requests).toEqual([]);
  });

  test('no secret is in an error, even when the other side repeats it', async () => {
    redactor.add('refresh-canary-1234');
    google.fail({
      match: /token/,
      status: 400,
      body: { error: 'invalid_grant', error_description: 'bad refresh-canary-1234' },
    });
    expect((await failureOf(connector().call('list-calendars', {}, options()))).message).not.toContain('canary');
    const it = connector();
    await it.call('list-calendars', {}, options());
    const token = google.requests.at(-1)?.headers.authorization?.slice(7) ?? '';
    google.fail({ match: /calendarList/, status: 400, body: { error: { code: 400, message: `token ${token}` } } });
    const failure = await failureOf(it.call('list-calendars', {}, options()));
    expect(failure.message).toContain('token [hidden]');
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain(token);
  });
});
