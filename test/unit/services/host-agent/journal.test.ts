import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journal } from '../../../../src/services/host-agent/journal.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'chp-journal-'));
  path = join(dir, 'journal.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true }));

test('says how far an activation came, until it ended', async () => {
  const journal = new Journal(path);
  expect(journal.open()).toBeNull();
  journal.begin('new', 'old');
  expect(journal.open()).toEqual({ generation: 'new', previous: 'old', step: null, rollback: false });
  expect(journal.reached('received')).toBe(false);
  await journal.step('received', () => {});
  await journal.step('snapshot', () => {});
  expect(new Journal(path).open()).toEqual({ generation: 'new', previous: 'old', step: 'snapshot', rollback: false });
  expect(journal.reached('snapshot')).toBe(true);
  expect(journal.reached('configured')).toBe(false);
  journal.end('committed');
  expect(journal.open()).toBeNull();
  expect(journal.previous()).toBe('old');
});

test('a step that failed is not in it', async () => {
  const journal = new Journal(path);
  journal.begin('new', null);
  const failing = journal.step('staged', () => {
    throw new Error('disk full');
  });
  await expect(failing).rejects.toThrow('disk full');
  expect(journal.open()?.step).toBeNull();
});

test('a line that a power cut tore apart counts as not written, and the next one is whole', async () => {
  const journal = new Journal(path);
  journal.begin('new', 'old');
  await journal.step('switched', () => {});
  appendFileSync(path, '{"at":"2026-01-01T00:00:00Z","st');
  expect(new Journal(path).open()?.step).toBe('switched');
  new Journal(path).end('reverted');
  expect(new Journal(path).open()).toBeNull();
});

test('the one before is kept', () => {
  const journal = new Journal(path);
  writeFileSync(path, '{"at":"x","begin":"a","previous":null}\n');
  journal.begin('b', 'a');
  expect(readFileSync(`${path}.1`, 'utf8')).toContain('"begin":"a"');
});
