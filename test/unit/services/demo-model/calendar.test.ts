import { expect, test } from 'vitest';
import { demoCalendar } from '../../../../src/services/demo-model/calendar.ts';

const ask = (path: string, method = 'GET') => demoCalendar(method, new URL(path, 'http://localhost'));
const eventsOf = (query: string) => {
  const { body } = ask(`/calendar/v3/calendars/primary/events?${query}`) ?? { body: {} };
  return (body as { items: { summary: string; start: { dateTime: string } }[] }).items;
};
const window = 'timeMin=2026-01-15T00:00:00Z&timeMax=2026-01-16T00:00:00Z';

test('a day with a clash, whose events say that they are a demo', () => {
  const items = eventsOf(window);
  expect(items.map(({ start }) => start.dateTime.slice(11, 16))).toEqual(['08:00', '16:00', '16:30']);
  for (const { summary } of items) expect(summary).toContain('(demo)');
});

test('only what lies in the window, and no window is refused', () => {
  const short = 'timeMin=2026-01-15T00:00:00Z&timeMax=2026-01-15T09:00:00Z';
  expect(eventsOf(short)).toHaveLength(1);
  expect(ask('/calendar/v3/calendars/primary/events')?.status).toBe(400);
});

test('signs anybody in, and leaves other paths alone', () => {
  expect(ask('/token', 'POST')?.body).toMatchObject({ token_type: 'Bearer' });
  expect(ask('/token')).toBeNull();
  expect(ask('/calendar/v3/users/me/calendarList')?.body).toMatchObject({ items: [{ id: 'primary' }] });
  expect(ask('/v1/chat/completions', 'POST')).toBeNull();
});
