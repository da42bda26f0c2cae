import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connector } from '../../src/core/ports/automation.ts';
import { caldav } from '../../src/services/connectors/caldav/index.ts';
import type { CaldavOptions } from '../fakes/caldav.ts';
import { failureOf, options, setupOf } from '../unit/services/connectors/support.ts';

const ics = (...components: string[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...components, 'END:VCALENDAR', ''].join('\r\n');
const component = (name: string, uid: string, lines: string[]) =>
  [`BEGIN:${name}`, `UID:${uid}`, 'DTSTAMP:20260101T000000Z', ...lines, `END:${name}`].join('\r\n');
const event = (uid: string, ...lines: string[]) => component('VEVENT', uid, lines);

/** A zone that only its own definition explains: UTC-5 all year. */
const OWN_ZONE = [
  'BEGIN:VTIMEZONE',
  'TZID:Office Zone',
  'BEGIN:STANDARD',
  'DTSTART:19700101T000000',
  'TZOFFSETFROM:-0500',
  'TZOFFSETTO:-0500',
  'END:STANDARD',
  'END:VTIMEZONE',
].join('\r\n');

const OBJECTS: Record<string, string> = {
  'utc.ics': ics(
    event('utc', 'SUMMARY:Utc', 'DTSTART:20261125T080000Z', 'DTEND:20261125T083000Z', 'LOCATION:Main St\\, 1'),
  ),
  'day.ics': ics(event('day', 'SUMMARY:Whole day', 'DTSTART;VALUE=DATE:20261125')),
  'trip.ics': ics(
    event('trip', 'SUMMARY:Trip', 'DTSTART;VALUE=DATE:20261124', 'DTEND;VALUE=DATE:20261126', 'TRANSP:TRANSPARENT'),
  ),
  'floating.ics': ics(event('floating', 'SUMMARY:Floating', 'DTSTART:20261125T120000', 'DURATION:PT45M')),
  'own.ics': ics(
    OWN_ZONE,
    event(
      'own',
      'SUMMARY:Own zone',
      'DTSTART;TZID=Office Zone:20261125T090000',
      'DTEND;TZID=Office Zone:20261125T100000',
    ),
  ),
  // Begun in summer: the clock was changed since. One is left out, one comes from another week into this day.
  'weekly.ics': ics(
    event(
      'weekly',
      'SUMMARY:Practice',
      'DTSTART;TZID=Europe/Berlin:20260902T170000',
      'DTEND;TZID=Europe/Berlin:20260902T180000',
      'RRULE:FREQ=WEEKLY',
      'EXDATE;TZID=Europe/Berlin:20261118T170000',
    ),
    event(
      'weekly',
      'SUMMARY:Practice moved',
      'RECURRENCE-ID;TZID=Europe/Berlin:20261202T170000',
      'DTSTART;TZID=Europe/Berlin:20261125T190000',
      'DTEND;TZID=Europe/Berlin:20261125T200000',
    ),
  ),
  'daily.ics': ics(
    event(
      'daily',
      'SUMMARY:Pills',
      'DTSTART;TZID=Europe/Berlin:20010101T070000',
      'DTEND;TZID=Europe/Berlin:20010101T070500',
      'RRULE:FREQ=DAILY',
    ),
  ),
  'cancelled.ics': ics(
    event('cancelled', 'SUMMARY:Cancelled', 'STATUS:CANCELLED', 'DTSTART:20261125T090000Z', 'DTEND:20261125T100000Z'),
  ),
  'before.ics': ics(
    event('before', 'SUMMARY:Ends as the day begins', 'DTSTART:20261124T220000Z', 'DTEND:20261124T230000Z'),
  ),
};

const TASKS = {
  'one.ics': ics(component('VTODO', 'one', ['SUMMARY:Buy milk', 'DUE;VALUE=DATE:20261126', 'STATUS:NEEDS-ACTION'])),
  'two.ics': ics(component('VTODO', 'two', ['SUMMARY:Done', 'STATUS:COMPLETED'])),
};

/** Sent by anybody: a rule that never comes true. Not every server takes it. */
export const POISON = ics(
  event(
    'poison',
    'SUMMARY:Poison',
    'DTSTART:20260101T100000Z',
    'DTEND:20260101T110000Z',
    'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
  ),
);

export const CALENDARS: NonNullable<CaldavOptions['calendars']> = [
  { name: 'family', displayName: 'Family', objects: OBJECTS },
  { name: 'empty', displayName: '2026' },
  { name: 'tasks', displayName: 'To do', components: ['VTODO'], objects: TASKS },
];

const DAY = { calendar: 'Family', from: '2026-11-25', to: '2026-11-26' };
export const secrets = { username: 'ana', password: 'dav-password-1' };

/** What holds on any server. */
export function caldavSuite(start: () => Promise<{ url: string; close(): Promise<void> }>): void {
  let server: Awaited<ReturnType<typeof start>>;
  let it: Connector;
  const call = (operation: string, args: Record<string, unknown>, key?: string) =>
    it.call(operation, args, options(key)) as any;
  const titles = async (args: Record<string, unknown>) =>
    (await call('list-events', args)).events.map(({ title, start }: any) => `${title} ${start}`);

  beforeAll(async () => {
    server = await start();
    it = caldav(setupOf({ url: server.url, secrets }));
  });
  afterAll(() => server?.close());

  test('finds the calendars from the bare address', async () => {
    const { calendars } = await call('list-calendars', {});
    expect(calendars.map(({ name }: any) => name).sort()).toEqual(['2026', 'Family', 'To do']);
    expect(calendars[0]).toMatchObject({ id: expect.stringContaining(server.url), writable: true });
    expect(await it.check(options().signal)).toMatchObject({ ok: true, detail: expect.stringContaining('Family') });
  });

  test('a day: every kind of time in the family’s zone, in order', async () => {
    expect(await titles(DAY)).toEqual([
      'Trip 2026-11-24',
      'Whole day 2026-11-25',
      'Pills 2026-11-25T07:00:00+01:00',
      'Utc 2026-11-25T09:00:00+01:00',
      'Floating 2026-11-25T12:00:00+01:00',
      'Own zone 2026-11-25T15:00:00+01:00',
      'Practice 2026-11-25T17:00:00+01:00',
      'Practice moved 2026-11-25T19:00:00+01:00',
    ]);
    const { events } = await call('list-events', DAY);
    const named = (title: string) => events.find((one: any) => one.title === title);
    expect(named('Whole day')).toMatchObject({ allDay: true, end: '2026-11-26' });
    expect(named('Floating')).toMatchObject({ end: '2026-11-25T12:45:00+01:00' });
    expect(named('Own zone')).toMatchObject({ end: '2026-11-25T16:00:00+01:00' });
    expect(named('Utc')).toMatchObject({
      location: 'Main St, 1',
      description: null,
      attendees: [],
      status: 'confirmed',
      calendar: 'Family',
    });
  });

  test('a series: the hour stays in summer, what was taken out or moved away is not there', async () => {
    const practice = { calendar: 'Family', query: 'practice' };
    expect(await titles({ ...practice, from: '2026-10-21', to: '2026-10-29' })).toEqual([
      'Practice 2026-10-21T17:00:00+02:00',
      'Practice 2026-10-28T17:00:00+01:00',
    ]);
    expect(await titles({ ...practice, from: '2026-11-18', to: '2026-11-19' })).toEqual([]);
    expect(await titles({ ...practice, from: '2026-12-02', to: '2026-12-03' })).toEqual([]);
    expect(await titles({ ...practice, from: '2026-11-25', to: '2026-11-30', max: 1 })).toEqual([
      'Practice 2026-11-25T17:00:00+01:00',
    ]);
  });

  test('busy times leave out what is marked as free', async () => {
    const { busy } = await call('free-busy', {
      calendars: ['Family'],
      from: '2026-11-25T08:00:00+01:00',
      to: '2026-11-25T12:00:00+01:00',
    });
    expect(busy).toEqual([
      { calendar: 'Family', start: '2026-11-25T00:00:00+01:00', end: '2026-11-26T00:00:00+01:00' },
      { calendar: 'Family', start: '2026-11-25T09:00:00+01:00', end: '2026-11-25T09:30:00+01:00' },
    ]);
  });

  test('a key makes one event; it is changed, and removed once', async () => {
    const fields = {
      calendar: '2026',
      title: 'Vet, "Rex"; 9:00',
      start: '2026-12-01T10:00:00+01:00',
      end: '2026-12-01T11:00:00+01:00',
      attendees: ['a@example.com'],
    };
    const made = await call('create-event', fields, 'key');
    expect(made).toMatchObject({
      title: 'Vet, "Rex"; 9:00',
      start: '2026-12-01T10:00:00+01:00',
      allDay: false,
      attendees: ['a@example.com'],
    });
    expect(await call('create-event', fields, 'key')).toEqual(made);
    expect(await titles({ calendar: '2026', from: '2026-12-01', to: '2026-12-02' })).toHaveLength(1);
    const changed = await call('update-event', {
      calendar: '2026',
      event: made.id,
      start: '2026-12-02',
      end: '2026-12-04',
      location: 'Vet St',
    });
    expect(changed).toMatchObject({
      id: made.id,
      title: 'Vet, "Rex"; 9:00',
      start: '2026-12-02',
      end: '2026-12-04',
      allDay: true,
      location: 'Vet St',
    });
    expect((await call('list-events', { calendar: '2026', from: '2026-12-03', to: '2026-12-04' })).events).toEqual([
      changed,
    ]);
    const wrong = [{ end: '2026-12-01' }, { start: '2026-12-01T10:00:00+01:00' }];
    for (const fault of wrong)
      expect(await failureOf(call('update-event', { calendar: '2026', event: made.id, ...fault }))).toMatchObject({
        kind: 'refused',
      });
    expect(await call('delete-event', { calendar: '2026', event: made.id })).toEqual({ deleted: true });
    expect(await call('delete-event', { calendar: '2026', event: made.id })).toEqual({ deleted: false });
    expect(await failureOf(call('update-event', { calendar: '2026', event: made.id, title: 'X' }))).toMatchObject({
      kind: 'not-found',
    });
  });

  test('one occurrence of a series is moved, and taken out, alone', async () => {
    const week = { calendar: 'Family', query: 'practice', from: '2026-12-09', to: '2026-12-17' };
    const [{ id }] = (await call('list-events', week)).events;
    await call('update-event', {
      calendar: 'Family',
      event: id,
      title: 'Practice late',
      start: '2026-12-09T18:30:00+01:00',
      end: '2026-12-09T19:30:00+01:00',
    });
    expect(await titles(week)).toEqual([
      'Practice late 2026-12-09T18:30:00+01:00',
      'Practice 2026-12-16T17:00:00+01:00',
    ]);
    await call('update-event', { calendar: 'Family', event: id, title: 'Practice later' });
    expect(await titles(week)).toEqual([
      'Practice later 2026-12-09T18:30:00+01:00',
      'Practice 2026-12-16T17:00:00+01:00',
    ]);
    expect(await call('delete-event', { calendar: 'Family', event: id })).toEqual({ deleted: true });
    expect(await titles(week)).toEqual(['Practice 2026-12-16T17:00:00+01:00']);
    expect(await call('delete-event', { calendar: 'Family', event: id })).toEqual({ deleted: false });
    const series = id.slice(0, id.indexOf('#'));
    expect(await failureOf(call('update-event', { calendar: 'Family', event: series, title: 'X' }))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('repeats'),
    });
  });

  test('tasks', async () => {
    const list = { calendar: 'To do' };
    expect((await call('list-tasks', list)).tasks).toMatchObject([
      { title: 'Buy milk', due: '2026-11-26', status: 'open', notes: null },
    ]);
    const made = await call(
      'create-task',
      { ...list, title: 'Bread', due: '2026-11-27T18:00:00+01:00', notes: 'rye' },
      'task',
    );
    expect(await call('create-task', { ...list, title: 'Bread' }, 'task')).toEqual(made);
    expect(made).toMatchObject({ title: 'Bread', due: '2026-11-27T18:00:00+01:00', notes: 'rye', status: 'open' });
    expect(await call('complete-task', { ...list, task: made.id })).toMatchObject({ status: 'done' });
    expect(await call('complete-task', { ...list, task: made.id })).toMatchObject({ status: 'done' });
    const of = async (status: string) =>
      (await call('list-tasks', { ...list, status })).tasks.map(({ title }: any) => title).sort();
    expect(await of('done')).toEqual(['Bread', 'Done']);
    expect(await of('all')).toEqual(['Bread', 'Buy milk', 'Done']);
  });

  describe('failures', () => {
    test('a wrong password, a calendar and an event that are not there', async () => {
      const wrong = caldav(setupOf({ url: server.url, secrets: { ...secrets, password: 'wrong-password' } }));
      expect(await failureOf(wrong.call('list-calendars', {}, options()))).toMatchObject({ kind: 'auth' });
      expect(await failureOf(call('list-events', { ...DAY, calendar: 'Nope' }))).toMatchObject({
        kind: 'not-found',
        message: expect.stringContaining('Nope'),
      });
      for (const event of [`${server.url}/elsewhere.ics`, 'http://localhost:1/x.ics', 'no address'])
        expect(await failureOf(call('update-event', { calendar: 'Family', event, title: 'X' }))).toMatchObject({
          kind: 'not-found',
        });
      const [{ id }] = (await call('list-calendars', {})).calendars.filter(({ name }: any) => name === 'Family');
      const gone = { calendar: 'Family', event: `${id}nowhere.ics`, title: 'X' };
      expect(await failureOf(call('update-event', gone))).toMatchObject({ kind: 'not-found' });
    });
  });
}
