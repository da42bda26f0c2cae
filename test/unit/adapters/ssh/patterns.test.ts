import { expect, test } from 'vitest';
import { matchesList, matchesPattern } from '../../../../src/adapters/ssh/patterns.ts';

test.each<[string, string, boolean]>([
  ['*', '', true],
  ['*', 'any.thing', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['*.example', 'hub.example', true],
  ['*.example', 'hubXexample', false],
  ['[::1]:*', '[::1]:22', true],
  ['a+(b)|c^$\\', 'a+(b)|c^$\\', true],
  ['a', 'ab', false],
])('%s on %s: %s', (pattern, text, matches) => expect(matchesPattern(pattern, text)).toBe(matches));

test('a negated pattern beats the others, and is no match by itself', () => {
  expect(matchesList(['a*', '!ab'], 'ab')).toBe(false);
  expect(matchesList(['!ab', 'a*'], 'ac')).toBe(true);
  expect(matchesList(['!x'], 'ab')).toBe(false);
  expect(matchesList([], 'ab')).toBe(false);
});
