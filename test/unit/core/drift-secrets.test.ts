import { expect, test } from 'vitest';
import { hideSecrets } from '../../../src/core/drift-secrets.ts';

const SECRET = 'canary-77aa-value';
const shown = (base: unknown, live: unknown, path = 'models.providers.x.apiKey') =>
  hideSecrets([{ path, owner: 'operator', base, live }], [SECRET, 'on7'])[0];

test.each([
  ['the value of a secret where it was referred to', '${KEY}', SECRET, '[hidden]'],
  ['another value there', '${KEY}', 'typed in', '[hidden]'],
  ['another name there', '${KEY}', '${OTHER_KEY}', '${OTHER_KEY}'],
  ['taken away', '${KEY}', undefined, undefined],
  ['an object in its place', '${KEY}', { from: 'typed in', n: 1 }, { from: '[hidden]', n: 1 }],
  ['one of a list', ['a', '${KEY}'], ['a', 'typed in', 3], ['a', '[hidden]', 3]],
  ['its parent replaced', { url: 'http://x', key: '${KEY}' }, 'typed in', '[hidden]'],
])('%s', (_, base, live, expected) => {
  expect(shown(base, live)?.live).toEqual(expected);
});

test.each([
  ['a known value anywhere', SECRET, '[hidden]'],
  ['a known value that is short', 'on7', '[hidden]'],
  ['a known value within a text', `Bearer ${SECRET}!`, 'Bearer [hidden]!'],
  ['a known value in an object, and as a key', { a: [SECRET], [SECRET]: 1 }, { a: ['[hidden]'], '[hidden]': 1 }],
  ['a secret by its name', { botToken: 'typed-in-by-hand' }, { botToken: '[hidden]' }],
  ['a secret by its look', 'sk-ant-0123456789', '[hidden]'],
  ['anything else', { prefix: 'hi', n: 1, on: true, none: null }, { prefix: 'hi', n: 1, on: true, none: null }],
])('%s, at a path where nothing secret was', (_, live, expected) => {
  expect(shown('old', live, 'messages.x')).toEqual({
    path: 'messages.x',
    owner: 'operator',
    base: 'old',
    live: expected,
  });
});

test('a path that is secret by its own name', () => {
  expect(shown(undefined, 'typed-in-by-hand', 'channels.telegram.botToken')?.live).toBe('[hidden]');
});
