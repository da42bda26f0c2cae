import { expect, test } from 'vitest';
import { messageMatches } from '../../../../src/services/worker/triggers.ts';

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
