import { appendFileSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { AuditLog } from '../../../../src/services/worker/audit.ts';

let dir = '';
const path = () => join(dir, 'audit', 'smith.jsonl');
const entry = (key: string) => ({ key, run: 'smith/p/1', event: 'door.unlocked', actor: 'ana', details: { key } });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'chp-audit-'));
  const log = new AuditLog(dir, 'smith');
  for (const key of ['a', 'b', 'c']) log.append(entry(key));
});

test('entries follow from each other, and the same key is the same entry', () => {
  const log = new AuditLog(dir, 'smith');
  expect(log.append(entry('b'))).toBe('smith:2');
  expect(log.append(entry('d'))).toBe('smith:4');
  expect(log.entries(2).map(({ seq, key }) => [seq, key])).toEqual([
    [3, 'c'],
    [4, 'd'],
  ]);
  expect(statSync(path()).mode & 0o777).toBe(0o600);
});

test.each([
  ['edited', (lines: string[]) => lines.map((line) => line.replace('"actor":"ana"', '"actor":"bob"'))],
  ['removed', (lines: string[]) => lines.toSpliced(1, 1)],
  ['reordered', (lines: string[]) => lines.toReversed()],
  ['no JSON', (lines: string[]) => ['{', ...lines]],
])('a trail that was tampered with is told: %s', (_, change) => {
  const lines = readFileSync(path(), 'utf8').trim().split('\n');
  writeFileSync(path(), `${change(lines).join('\n')}\n`);
  expect(() => new AuditLog(dir, 'smith')).toThrow(/broken at entry/);
});

test('a line that the power cut in half is dropped, and the trail goes on', () => {
  appendFileSync(path(), '{"seq":4,"at":"20');
  const log = new AuditLog(dir, 'smith');
  log.append(entry('d'));
  expect(new AuditLog(dir, 'smith').entries(9)).toHaveLength(4);
});
