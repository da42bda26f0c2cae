import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { caldav } from '../../../../src/services/connectors/caldav/index.ts';
import { type FakeCaldav, startCaldav } from '../../../fakes/caldav.ts';
import { CALENDARS, caldavSuite, POISON, secrets } from '../../../support/caldav-suite.ts';
import { failureOf, options, setupOf } from './support.ts';

describe('on the fake', () => caldavSuite(() => startCaldav({ calendars: CALENDARS })));

describe('when things go wrong', () => {
  let server: FakeCaldav;
  let warnings: string[];
  const connector = (url = server.url) => caldav(setupOf({ url, secrets, warn: (text) => warnings.push(text) }));
  const day = { calendar: 'Family', from: '2026-11-25', to: '2026-11-26' };
  const event = {
    calendar: 'Family',
    title: 'Vet',
    start: '2026-12-01T10:00:00+01:00',
    end: '2026-12-01T11:00:00+01:00',
  };
  const made = () => [...server.objects('family').values()].filter((data) => data.includes('SUMMARY:Vet'));

  beforeEach(async () => {
    warnings = [];
    const broken = {
      'poison.ics': POISON,
      'fine.ics': POISON.replaceAll('poison', 'fine')
        .replace(/RRULE.*/, 'X-A:1')
        .replaceAll('20260101', '20261125'),
    };
    server = await startCaldav({
      calendars: [
        { name: 'family', displayName: 'Family', objects: broken },
        { name: 'shared', displayName: 'Shared', readOnly: true },
      ],
    });
  });
  afterEach(() => server.close());

  test('a rule that never comes true costs its event, not the day, and not the process', async () => {
    const { events } = (await connector().call('list-events', day, options())) as any;
    expect(events).toMatchObject([{ title: 'Poison', start: '2026-11-25T11:00:00+01:00' }]);
    expect(warnings).toEqual([expect.stringMatching(/poison\.ics is left out: its repetitions/)]);
  });

  test('an object that is no calendar costs itself', async () => {
    const it = connector();
    await it.call('list-calendars', {}, options());
    server
      .objects('family')
      .set('poison.ics', 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\nEND:VEVENT\nEND:VCALENDAR');
    server.fail({
      match: /REPORT .*family/,
      after: 1,
      status: 207,
      headers: { 'content-type': 'application/xml' },
      body: '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response><d:href>/dav/calendars/ana/family/bad.ics</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag><c:calendar-data>BEGIN:VCALENDAR&#10;garbage</c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>',
    });
    server.objects('family').delete('poison.ics');
    expect(await it.call('list-events', day, options())).toEqual({ events: [] });
    expect(warnings).toEqual([expect.stringMatching(/bad\.ics is left out: it can't be read/)]);
  });

  test.each([
    [{ status: 500 }, { kind: 'unavailable' }],
    [
      { status: 429, headers: { 'retry-after': '9' } },
      { kind: 'rate-limited', retryAfterMs: 9000 },
    ],
    [{ status: 403 }, { kind: 'auth' }],
    [{ status: 400 }, { kind: 'refused' }],
    [{ cut: 'before' as const }, { kind: 'unavailable' }],
  ])('a query that fails is no empty day: %o', async (fault, expected) => {
    const it = connector();
    await it.call('list-calendars', {}, options());
    server.fail({ match: /REPORT/, ...fault });
    expect(await failureOf(it.call('list-events', day, options()))).toMatchObject(expected);
  });

  test('discovery that fails says why', async () => {
    server.fail({ times: 20, status: 503, headers: { 'retry-after': '1' } });
    expect(await failureOf(connector().call('list-calendars', {}, options()))).toMatchObject({
      kind: 'unavailable',
      message: 'The calendar server answered 503',
    });
    const { url } = server;
    await server.close();
    expect(await failureOf(connector(url).call('list-calendars', {}, options()))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    server = await startCaldav();
    const nothing = await startCaldav();
    nothing.fail({ times: 20, status: 404 });
    expect(await failureOf(connector(nothing.url).call('list-calendars', {}, options()))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('not at this address'),
    });
    await nothing.close();
  });

  test('a changed occurrence does not repeat itself, and lies in the zone of its series', async () => {
    const series = [
      'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:w\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Weekly',
      'DTSTART;TZID=Europe/Berlin:20261102T170000\r\nDTEND;TZID=Europe/Berlin:20261102T180000\r\nRRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
    ].join('\r\n');
    server.objects('family').set('w.ics', series);
    const it = connector();
    const { events } = (await it.call(
      'list-events',
      { ...day, from: '2026-11-16', to: '2026-11-17' },
      options(),
    )) as any;
    await it.call('update-event', { calendar: 'Family', event: events[0].id, title: 'Other' }, options());
    const data = server.objects('family').get('w.ics') ?? '';
    expect(data.match(/RRULE/g)).toHaveLength(1);
    expect(data).toContain('RECURRENCE-ID;TZID=Europe/Berlin:20261116T170000');
    expect(data).toContain('DTSTART;TZID=Europe/Berlin:20261116T170000');
    await it.call('delete-event', { calendar: 'Family', event: events[0].id }, options());
    expect(server.objects('family').get('w.ics')).toContain('EXDATE;TZID=Europe/Berlin:20261116T170000');
  });

  test('a lost answer of a creation: once it is', async () => {
    const it = connector();
    server.fail({ match: /PUT/, cut: 'after' });
    expect(await failureOf(it.call('create-event', event, options('k')))).toMatchObject({ kind: 'unavailable' });
    expect(await it.call('create-event', event, options('k'))).toMatchObject({ title: 'Vet' });
    expect(made()).toHaveLength(1);
  });

  test('somebody else wrote in between: theirs is kept, ours comes on top', async () => {
    const it = connector();
    const { id } = (await it.call('create-event', event, options())) as any;
    server.fail({ match: /PUT/, status: 412 });
    expect(await it.call('update-event', { calendar: 'Family', event: id, location: 'B' }, options())).toMatchObject({
      location: 'B',
      title: 'Vet',
    });
    server.fail({ match: /PUT/, status: 412, times: 3 });
    expect(
      await failureOf(it.call('update-event', { calendar: 'Family', event: id, location: 'C' }, options())),
    ).toMatchObject({ kind: 'refused' });
    expect(
      server.requests
        .filter(({ method }) => method === 'PUT')
        .every(({ headers }) => headers['if-match'] ?? headers['if-none-match']),
    ).toBe(true);
  });

  test('a calendar that may only be read', async () => {
    const it = connector();
    const { calendars } = (await it.call('list-calendars', {}, options())) as any;
    expect(calendars.map(({ name, writable }: any) => [name, writable])).toEqual([
      ['Family', true],
      ['Shared', false],
    ]);
    expect(await failureOf(it.call('create-event', { ...event, calendar: 'Shared' }, options()))).toMatchObject({
      kind: 'auth',
    });
  });

  test('the password is in no error', async () => {
    server.fail({ times: 20, status: 401, body: 'dav-password-1 is wrong' });
    const failure = await failureOf(connector().call('list-calendars', {}, options()));
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('dav-password');
  });
});
