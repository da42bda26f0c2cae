import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireFlock, lockedBy } from '../../../src/core/flock.ts';

const holder = { actor: 'ana', host: 'here', pid: process.pid, what: 'apply smith', since: '2026-01-01T00:00:00.000Z' };
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'chp-flock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('one holds it, the next is told who; after the release it is free', async () => {
  const path = join(dir, 'deep', 'lock');
  const first = await acquireFlock(path, holder, { waitMs: 0 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const refused = acquireFlock(path, { ...holder, what: 'destroy' }, { waitMs: 0, subject: 'tenant "smith"' });
  await expect(refused).rejects.toMatchObject({
    code: 'LOCKED',
    message: expect.stringContaining('tenant "smith" is locked'),
    details: { holder },
  });
  await first.release();
  await first.release();
  await using _second = await acquireFlock(path, holder, { waitMs: 0 });
});

test('waits no longer than it was told to', async () => {
  const path = join(dir, 'lock');
  await using _first = await acquireFlock(path, holder, { waitMs: 0 });
  const began = performance.now();
  await expect(acquireFlock(path, holder, { waitMs: 300 })).rejects.toMatchObject({ code: 'LOCKED' });
  expect(performance.now() - began).toBeGreaterThan(290);
  expect(performance.now() - began).toBeLessThan(3000);
});

test('the holder file may lie elsewhere', async () => {
  const holderFile = join(dir, 'holder.json');
  await using _lock = await acquireFlock(join(dir, 'lock'), holder, { waitMs: 0, holderFile });
  expect(JSON.parse(readFileSync(holderFile, 'utf8'))).toEqual(holder);
  expect(existsSync(join(dir, 'lock.json'))).toBe(false);
});

test('the age is in words', () => {
  const since = (seconds: number) => ({ ...holder, since: new Date(Date.now() - seconds * 1000).toISOString() });
  expect(lockedBy('x', since(30)).why).toContain('for 30 s');
  expect(lockedBy('x', since(600)).why).toContain('for 10 min');
  expect(lockedBy('x', since(36_000)).why).toContain('for 10 h');
  expect(lockedBy('x', null).why).toContain('not known');
});
