import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drained, turnsInFlight } from '../../../../src/services/host-agent/drain.ts';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'chp-drain-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

function lock(agent: string, session: string, createdAt: string): string {
  const dir = join(state, 'agents', agent, 'sessions');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${session}.jsonl`), '');
  const path = join(dir, `${session}.jsonl.lock`);
  writeFileSync(path, JSON.stringify({ pid: 1, createdAt }));
  return path;
}
const SINCE = '2026-11-01T12:00:00.000Z';

test('a state without agents has no turns', () => {
  expect(turnsInFlight(state, SINCE)).toBe(0);
});

test('turns of all agents count; what a killed gateway left behind does not', () => {
  lock('main', 'a', '2026-11-01T12:00:01.000Z');
  lock('cook', 'b', '2026-11-01T12:00:00.000Z');
  lock('main', 'c', '2026-11-01T11:59:59.999Z');
  expect(turnsInFlight(state, SINCE)).toBe(2);
  expect(turnsInFlight(state, null)).toBe(3);
});

test('a lock that is half written is waited for only where nobody knows since when', () => {
  writeFileSync(lock('main', 'a', SINCE), '{');
  expect(turnsInFlight(state, SINCE)).toBe(0);
});

test('waits for turns to end, and no longer than it may', async () => {
  const path = lock('main', 'a', SINCE);
  expect(await drained(state, SINCE, 0)).toBe(1);
  const waited = drained(state, SINCE, 60_000);
  rmSync(path);
  expect(await waited).toBe(0);
});
