import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSelector, selects } from '../../../../src/core/tenant/selector.ts';

const TENANTS: Record<string, Record<string, string>> = {
  smith: { ring: 'canary', region: 'eu' },
  jones: { ring: 'stable', region: 'eu' },
  brown: { ring: 'stable', region: 'us', beta: '' },
  green: {},
};
const names = (text: string) =>
  Object.keys(TENANTS).filter((name) => selects(parseSelector(text), TENANTS[name] as Record<string, string>));

test.each([
  ['ring=stable', ['jones', 'brown']],
  ['ring==stable', ['jones', 'brown']],
  ['ring=stable,region!=us', ['jones']],
  ['ring!=stable', ['smith', 'green']],
  ['region in (eu,uk)', ['smith', 'jones']],
  ['region in (eu, us),ring notin (canary)', ['jones', 'brown']],
  ['region notin (eu)', ['brown', 'green']],
  ['ring', ['smith', 'jones', 'brown']],
  ['!ring', ['green']],
  ['beta=', ['brown']],
  [' ring = stable , !beta', ['jones']],
  ['constructor', []],
])('%s selects %j', (text, expected) => {
  expect(names(text)).toEqual(expected);
});

test.each([
  '',
  'ring=stable,',
  'ring in eu',
  'ring in (eu',
  '=stable',
  'ring=sta ble',
  'ring>2',
  'a b',
  '-x=1',
  'ring=-',
])('refuses %j and shows how it is written', (text) => {
  expect(() => parseSelector(text)).toThrow(
    expect.objectContaining({
      code: 'BAD_INPUT',
      next: expect.arrayContaining([expect.stringContaining('ring=stable')]),
    }),
  );
});

test('a requirement and its negation divide any tenants', () => {
  const word = fc.stringMatching(/^[a-z]{1,3}$/);
  fc.assert(
    fc.property(word, fc.array(word, { minLength: 1 }), fc.dictionary(word, word), (key, values, labels) => {
      const list = values.join(',');
      expect(selects(parseSelector(`${key} in (${list})`), labels)).toBe(
        !selects(parseSelector(`${key} notin (${list})`), labels),
      );
    }),
  );
});
