import { describe, expect, test } from 'vitest';
import type { CatalogueVersion, Packument } from '../../../src/core/ports/catalogue.ts';
import { withDeprecation, withTag, withVersion, withYank } from '../../../src/packs/packument.ts';
import { parseRequest, resolveVersion } from '../../../src/packs/resolve.ts';

const now = new Date('2026-11-25T12:00:00Z');
const name = '@clawd-packs/hello';
const version = (number: string, integrity = number): CatalogueVersion => ({
  name,
  version: number,
  description: 'Hello',
  dist: { tarball: 't', integrity, signatures: [] },
});
const publish = (packument: Packument | null, number: string, tag = 'stable') =>
  withVersion(packument, version(number), { tag, now });
const base = ['1.0.0', '1.1.0', '2.0.0-rc.1', '1.2.0'].reduce<Packument | null>(
  (packument, number) => publish(packument, number, number.startsWith('2') || number === '1.2.0' ? 'beta' : 'stable'),
  null,
) as Packument;
const resolved = (packument: Packument, want: string, allowYanked = false) =>
  resolveVersion(packument, want, { allowYanked }).version.version;

describe('what is asked for', () => {
  test.each([
    ['morning-brief', { catalogue: null, id: 'morning-brief', want: 'stable' }],
    ['morning-brief@^1.2', { catalogue: null, id: 'morning-brief', want: '^1.2' }],
    ['morning-brief@>=1 <3', { catalogue: null, id: 'morning-brief', want: '>=1 <3' }],
    ['home/morning-brief@beta', { catalogue: 'home', id: 'morning-brief', want: 'beta' }],
  ])('%s', (text, request) => {
    expect(parseRequest(text)).toEqual(request);
  });

  test.each([[''], ['@scope/x'], ['a/b/c'], ['../x'], ['Big'], ['x@'], ['.x']])('%j names no pack', (text) => {
    expect(() => parseRequest(text)).toThrow(/names no pack/);
  });
});

describe('resolution', () => {
  test.each([
    ['stable', '1.1.0'],
    ['latest', '1.1.0'],
    ['beta', '1.2.0'],
    ['1.0.0', '1.0.0'],
    ['2.0.0-rc.1', '2.0.0-rc.1'],
    // What is stable is taken where it fits: 1.2.0 is beta only.
    ['^1.0.0', '1.1.0'],
    ['>1.1', '1.2.0'],
    ['>=1.2.0', '1.2.0'],
    ['^2.0.0-rc.0', '2.0.0-rc.1'],
    ['*', '1.1.0'],
  ])('%s is %s', (want, found) => {
    expect(resolved(base, want)).toBe(found);
  });

  test.each([['3.0.0'], ['^3'], ['nightly'], ['__proto__'], ['constructor']])('%s is not there', (want) => {
    expect(() => resolved(base, want)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  test('a deprecated version is taken last, with a warning', () => {
    const packument = withDeprecation(base, '1.1.0', 'use 1.2', now);
    expect(resolved(packument, '^1')).toBe('1.2.0');
    expect(resolveVersion(packument, '1.1.0', { allowYanked: false }).warnings).toEqual([
      `${name}@1.1.0 is deprecated: use 1.2`,
    ]);
    expect(resolved(packument, '~1.1.0')).toBe('1.1.0');
    expect(
      resolveVersion(withDeprecation(packument, '1.1.0', null, now), '1.1.0', { allowYanked: false }).warnings,
    ).toEqual([]);
  });

  test('a yanked version is found by its number and a word only', () => {
    const packument = withYank(base, '1.1.0', 'it wakes the children', now);
    expect(resolved(packument, 'stable')).toBe('1.2.0');
    expect(resolved(packument, '>=1 <1.2')).toBe('1.0.0');
    expect(() => resolved(packument, '1.1.0')).toThrow(/yanked: it wakes the children/);
    expect(resolved(packument, '1.1.0', true)).toBe('1.1.0');
    expect(resolved(withYank(packument, '1.1.0', null, now), '1.1.0')).toBe('1.1.0');
  });

  test('when all are yanked there is nothing, also for a channel', () => {
    const packument = ['1.0.0', '1.1.0', '1.2.0', '2.0.0-rc.1'].reduce(
      (all, one) => withYank(all, one, 'no', now),
      base,
    );
    expect(packument['dist-tags']).toEqual({});
    for (const want of ['stable', 'beta', '*'])
      expect(() => resolved(packument, want)).toThrow(
        expect.objectContaining({
          code: 'NOT_FOUND',
          next: expect.arrayContaining(['All of its versions are yanked.']),
        }),
      );
    expect(withYank(packument, '1.0.0', null, now)['dist-tags']).toEqual({ latest: '1.0.0' });
  });
});

describe('a packument', () => {
  test('takes a version once: again with the same bytes, never with others', () => {
    expect(withVersion(base, version('1.1.0'), { tag: 'stable', now: new Date() })).toBe(base);
    expect(withVersion(base, version('1.0.0'), { tag: 'stable', now })['dist-tags'].latest).toBe('1.0.0');
    expect(() => withVersion(base, version('1.0.0', 'other'), { tag: 'stable', now })).toThrow(
      expect.objectContaining({ code: 'CONFLICT' }),
    );
  });

  test('has a stable version from the first one on, whatever its channel', () => {
    expect(publish(null, '0.1.0', 'beta')['dist-tags']).toEqual({ latest: '0.1.0', beta: '0.1.0' });
  });

  test('moves a channel to a version that there is', () => {
    expect(withTag(base, 'stable', '1.0.0', now)['dist-tags'].latest).toBe('1.0.0');
    expect(() => withTag(base, 'stable', '9.0.0', now)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});
