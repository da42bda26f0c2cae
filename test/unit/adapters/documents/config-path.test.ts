import { expect, test } from 'vitest';
import { parsePath } from '../../../../src/adapters/documents/config-path.ts';

test.each([
  ['a', ['a']],
  ['agents.defaults.timeoutSeconds', ['agents', 'defaults', 'timeoutSeconds']],
  ['list[2].x', ['list', '2', 'x']],
  ['list.2.x', ['list', '2', 'x']],
  ['guilds.123456789012345678', ['guilds', '123456789012345678']],
  ['groups.-100123', ['groups', '-100123']],
  ['models["acme/m-1.5"].alias', ['models', 'acme/m-1.5', 'alias']],
  ["['a.b']", ['a.b']],
])('%s', (text, path) => expect(parsePath(text)).toEqual(path));

test.each(['', '.', 'a.', '.a', 'a..b', 'a[', 'a[x]', 'a[]', 'a]', 'a[""]'])('"%s" is no path', (text) => {
  expect(() => parsePath(text)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
});
