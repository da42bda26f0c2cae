import { expect, test } from 'vitest';
import { messageMatches, written } from '../../../../src/services/worker/triggers.ts';

test.each([
  ['unlock the door', 'Unlock  the door ', true],
  ['unlock the door', 'unlock the door now', false],
  ['unlock *', 'unlock the door', true],
  ['unlock *', 'please unlock the door', false],
  ['* door', 'unlock the door', true],
  ['* door *', 'the door is open', true],
  ['buy * and *', 'buy milk and eggs', true],
  ['buy * and *', 'buy milk', false],
  ['aa*aa', 'aaa', false],
])('a message trigger "%s" on "%s": %s', (pattern, text, matches) => {
  expect(messageMatches(pattern, text)).toBe(matches);
});

test('what a member writes starts the packs that wait for such words, and no others', () => {
  const happening = written({ by: 'cleo', text: 'Unlock the door', id: 'telegram/33/7' });
  expect(happening).toMatchObject({
    kind: 'message',
    by: 'cleo',
    id: 'telegram/33/7',
    payload: { text: 'Unlock the door', payload: null },
  });
  const triggers = [{ message: 'unlock *' }, { message: 'lock *' }, { manual: true as const }, { webhook: 'unlock' }];
  expect(triggers.map((trigger) => happening.matches(trigger))).toEqual([true, false, false, false]);
});
