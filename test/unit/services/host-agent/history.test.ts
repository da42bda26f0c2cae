import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { History, lastProven, type Proven, snapshotFor } from '../../../../src/services/host-agent/history.ts';

const root = mkdtempSync(join(tmpdir(), 'chp-history-'));
afterAll(() => rmSync(root, { recursive: true }));

/** `a1` = generation a of the program 1; `<` before it = it was gone back to. */
const lines = (...words: string[]): Proven[] =>
  words.map((word, at) => {
    const rollback = word.startsWith('<');
    const [generation = '', app = ''] = word.replace('<', '');
    const before = words[at - 1]?.replace('<', '')[0] ?? null;
    const snapshot = words[at - 1]?.at(-1) === app ? null : `${generation}.${at}`;
    return { at: `${at}`, generation, previous: before, runtime: `r@${app}`, app, config: null, snapshot, rollback };
  });
const all = () => true;

describe('where a rollback goes unless told otherwise', () => {
  test.each([
    { name: 'nothing ran', history: [], current: null, back: null },
    { name: 'the first one', history: ['a1'], current: 'a', back: null },
    { name: 'the one before', history: ['a1', 'b1', 'c1'], current: 'c', back: 'b' },
    { name: 'once gone back: not forward again', history: ['a1', 'b1', 'c1', '<b1'], current: 'b', back: 'a' },
    { name: 'twice', history: ['a1', 'b1', 'c1', '<b1', '<a1'], current: 'a', back: null },
    { name: 'it was pushed anew since', history: ['a1', 'b1', '<a1', 'b1', 'c1'], current: 'c', back: 'b' },
    { name: 'a push that undid the last one', history: ['a1', 'b1', 'a1'], current: 'a', back: 'b' },
  ])('$name', ({ history, current, back }) => {
    expect(lastProven(lines(...history), current, all)).toBe(back);
  });

  test('one that is not here any more is passed over', () => {
    expect(lastProven(lines('a1', 'b1', 'c1'), 'c', (digest) => digest !== 'b')).toBe('a');
  });
});

describe('which snapshot holds the state as a generation left it', () => {
  test.each([
    { name: 'the next one came with another program', history: ['a1', 'b2'], target: 'a', before: 'b.1' },
    { name: 'some of the same program came between', history: ['a1', 'b1', 'c2', 'd2'], target: 'a', before: 'c.2' },
    { name: 'always the same program', history: ['a1', 'b1'], target: 'a', before: null },
    { name: 'what runs', history: ['a1', 'b2'], target: 'b', before: null },
    {
      name: 'it ran twice: as it left it the last time',
      history: ['a1', 'b2', 'a1', 'c3'],
      target: 'a',
      before: 'c.3',
    },
    { name: 'there and back: the newer one, too', history: ['a1', 'b2', '<a1'], target: 'b', before: 'a.2' },
    { name: 'the newer one was pushed twice', history: ['a1', 'b2', 'c2', 'b2'], target: 'a', before: 'b.1' },
    { name: 'it never ran', history: ['a1', 'b2'], target: 'x', before: null },
  ])('$name', ({ history, target, before }) => {
    expect(snapshotFor(lines(...history), target)?.name ?? null).toBe(before);
  });
});

test('the file: a commit that is finished twice counts once, a torn line is passed over', () => {
  const [first, second] = lines('a1', 'b1') as [Proven, Proven];
  const history = new History(root, 'demo');
  history.append(first);
  history.append(second);
  history.append({ ...second, at: 'later' });
  appendFileSync(join(root, 'tenants/demo/ledger/history.jsonl'), '{"at":"torn');
  const third = { ...first, at: '3', previous: 'b', rollback: true };
  history.append(third);
  expect(history.lines()).toEqual([first, second, third]);
});
