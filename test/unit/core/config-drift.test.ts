import { describe, expect, test } from 'vitest';
import { configDrift, mergeConfig, ownerOf } from '../../../src/core/config-drift.ts';

const ownership = { family: ['messages.**', 'channels.*.nickname'], agent: ['agents.defaults.notes'] };

test.each([
  ['messages', 'family'],
  ['messages.prefix', 'family'],
  ['messages.a.b', 'family'],
  ['messagesX', 'operator'],
  ['channels.telegram.nickname', 'family'],
  ['channels.telegram.token', 'operator'],
  ['channels.telegram.nickname.x', 'operator'],
  ['agents.defaults.notes', 'agent'],
  ['agents.defaults', 'operator'],
  ['meta.lastTouchedAt', 'agent'],
])('%s is owned by the %s', (path, owner) => {
  expect(ownerOf(path, ownership)).toBe(owner);
});

describe('drift', () => {
  test('nothing, whatever the order of keys', () => {
    expect(configDrift({ a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, ownership)).toEqual([]);
  });

  test('added, changed and removed leaves, with their owners', () => {
    expect(
      configDrift({ a: 1, messages: { p: 'x' }, gone: true }, { a: 2, messages: { p: 'y', q: 1 } }, ownership),
    ).toEqual([
      { path: 'a', owner: 'operator', base: 1, live: 2 },
      { path: 'gone', owner: 'operator', base: true, live: undefined },
      { path: 'messages.p', owner: 'family', base: 'x', live: 'y' },
      { path: 'messages.q', owner: 'family', base: undefined, live: 1 },
    ]);
  });
});

describe('merge', () => {
  const base = { messages: { p: 'old', q: 1 }, port: 1 };

  test('what the family changed is kept, what the operator owns is converged', () => {
    const live = { messages: { p: 'ours' }, port: 2, extra: 1 };
    expect(mergeConfig(base, live, { messages: { p: 'new', q: 2 }, port: 3 }, ownership)).toEqual({
      messages: { p: 'ours' },
      port: 3,
    });
  });

  test('what the family left alone follows the operator', () => {
    expect(mergeConfig(base, base, { messages: { p: 'new' } }, ownership)).toEqual({ messages: { p: 'new' } });
  });

  test('a kept value finds its place where the parent is gone', () => {
    expect(mergeConfig({}, { messages: { deep: { er: 1 } } }, { port: 1 }, ownership)).toEqual({
      port: 1,
      messages: { deep: { er: 1 } },
    });
  });

  test('the desired config itself is not touched', () => {
    const desired = { messages: { p: 'new' } };
    mergeConfig(base, { messages: { p: 'ours' } }, desired, ownership);
    expect(desired).toEqual({ messages: { p: 'new' } });
  });

  test('a hostile key does not reach prototypes', () => {
    const live = JSON.parse('{"messages": {"__proto__": {"polluted": 1}}}') as unknown;
    mergeConfig({ messages: {} }, live, { messages: {} }, ownership);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
