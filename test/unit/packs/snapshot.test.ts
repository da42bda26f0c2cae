import { describe, expect, test } from 'vitest';
import { checkSnapshot, issueSnapshot, readShard, type SeenSnapshot, shardOf } from '../../../src/packs/snapshot.ts';
import { testKey } from '../../support/packs.ts';

const key = testKey();
const other = testKey();
const now = new Date('2026-11-25T12:00:00Z');
const statement = { catalogue: 'c1', sequence: 7, shards: { '00': 'a'.repeat(64) }, revoked: {} };
const issue = (changed: object = {}, by = key) =>
  issueSnapshot({ ...statement, ...changed }, { now, validDays: 10, privateKeys: [by.privateKey] });
const check = (snapshot: unknown, options: { seen?: SeenSnapshot; at?: Date; keys?: (typeof key.trusted)[] } = {}) =>
  checkSnapshot(snapshot, {
    keys: options.keys ?? [key.trusted, other.trusted],
    seen: options.seen ?? null,
    now: options.at ?? now,
    location: '/srv/packs',
  });

test('a good statement is believed, also through JSON, and remembered', () => {
  const { snapshot, seen } = check(JSON.parse(JSON.stringify(issue())));
  expect(snapshot.sequence).toBe(7);
  expect(snapshot.expires).toBe('2026-12-05T12:00:00.000Z');
  expect(check(issue(), { seen }).seen).toEqual(seen);
  expect(check(issue({ sequence: 8 }), { seen }).seen.sequence).toBe(8);
});

describe('a statement is not believed', () => {
  const { seen } = check(issue());

  test.each([
    ['of an older state', { sequence: 6 }, /number 6; number 7/],
    ['that differs under the same number', { shards: {} }, /two different statements/],
    ['of another catalogue', { catalogue: 'c2', sequence: 8 }, /another catalogue/],
  ])('%s', (_, changed, why) => {
    expect(() => check(issue(changed), { seen })).toThrow(
      expect.objectContaining({ code: 'UNTRUSTED', why: expect.stringMatching(why) }),
    );
  });

  test('after it was to be renewed', () => {
    expect(() => check(issue(), { at: new Date('2026-12-05T12:00:00Z') })).toThrow(/out of date/);
    expect(check(issue(), { at: new Date('2026-12-05T11:59:59Z') })).toBeDefined();
  });

  test.each(['sequence', 'catalogue', 'expires', 'issued', 'shards', 'revoked'] as const)(
    'with another %s than was signed',
    (field) => {
      const changed = {
        sequence: 9,
        catalogue: 'c2',
        expires: '2099-01-01T00:00:00.000Z',
        issued: '2020',
        shards: {},
        revoked: { x: 'y' },
      };
      expect(() => check({ ...issue(), [field]: changed[field] })).toThrow(/does not hold/);
    },
  );

  test('by a key that is not pinned', () => {
    expect(() => check(issue({}, testKey()))).toThrow(expect.objectContaining({ code: 'UNTRUSTED' }));
  });

  test('signed by two keys, to those who trust one of them only, it is believed', () => {
    const both = issueSnapshot(statement, { now, validDays: 10, privateKeys: [key.privateKey, other.privateKey] });
    for (const keys of [[key.trusted], [other.trusted]]) expect(check(both, { keys }).snapshot).toEqual(both);
    const revoking = issueSnapshot(
      { ...statement, revoked: { [key.trusted.keyid]: 'gone' } },
      { now, validDays: 10, privateKeys: [key.privateKey, other.privateKey] },
    );
    expect(check(revoking).seen.revoked).toEqual({ [key.trusted.keyid]: 'gone' });
  });

  test('by a key that it revokes itself', () => {
    expect(() => check(issue({ revoked: { [key.trusted.keyid]: 'gone' } }))).toThrow(
      expect.objectContaining({ code: 'UNTRUSTED' }),
    );
  });

  test('by a key that was revoked once, although the statement takes that back', () => {
    const revoking = check(issue({ revoked: { [key.trusted.keyid]: 'stolen' } }, other));
    expect(revoking.seen.revoked).toEqual({ [key.trusted.keyid]: 'stolen' });
    expect(() => check(issue({ sequence: 8 }), { seen: revoking.seen })).toThrow(
      expect.objectContaining({ code: 'UNTRUSTED', why: expect.stringContaining('stolen') }),
    );
    // The honest owner forgot it: what was revoked stays so.
    expect(check(issue({ sequence: 8 }, other), { seen: revoking.seen }).seen.revoked).toHaveProperty([
      key.trusted.keyid,
    ]);
  });

  test.each([
    [null],
    [[]],
    ['text'],
    [{}],
    [{ ...issue(), sequence: '7' }],
    [{ ...issue(), shards: { '00': 'x' } }],
    [{ ...issue(), signatures: null }],
  ])('when it is %j', (read) => {
    expect(() => check(read)).toThrow(expect.objectContaining({ code: 'INTEGRITY' }));
  });
});

test('a shard is read strictly', () => {
  const entry = { packument: 'b'.repeat(64), version: '1.0.0', description: 'x' };
  const read = (value: unknown) => readShard(Buffer.from(JSON.stringify(value)), 'here');
  expect(read({ a: entry })).toEqual({ a: entry });
  for (const bad of [null, [], { a: 1 }, { a: { ...entry, packument: 'x' } }, { a: { ...entry, version: 1 } }])
    expect(() => read(bad)).toThrow(/damaged/);
  expect(() => readShard(Buffer.from('{'), 'here')).toThrow(/damaged/);
});

test('packs spread over the shards', () => {
  const shards = new Set(Array.from({ length: 5000 }, (_, i) => shardOf(`@clawd-packs/pack-${i}`)));
  expect(shards.size).toBe(256);
});
