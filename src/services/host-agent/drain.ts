import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { namesIn } from './names-in.ts';

const LOOK_MS = 100;

/**
 * Turns in flight: the gateway holds `agents/<id>/sessions/<session>.jsonl.lock` while one runs, and says nothing of them
 * otherwise. Locks from before `since` (ISO 8601, when its process started) are what a killed one left behind.
 */
export function turnsInFlight(state: string, since: string | null): number {
  const from = since === null ? 0 : Date.parse(since);
  return namesIn(join(state, 'agents')).flatMap((agent) => {
    const sessions = join(state, 'agents', agent, 'sessions');
    return namesIn(sessions).filter((name) => name.endsWith('.lock') && createdAt(join(sessions, name)) >= from);
  }).length;
}

/** Waits until no turn is in flight, or the time is up. @returns those that still are */
export async function drained(state: string, since: string | null, deadlineMs: number): Promise<number> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const left = turnsInFlight(state, since);
    if (left === 0 || Date.now() >= deadline) return left;
    await sleep(LOOK_MS);
  }
}

/** Milliseconds since the epoch; one that went away, or is half written, was made by nobody we need to wait for yet. */
function createdAt(lock: string): number {
  try {
    return Date.parse((JSON.parse(readFileSync(lock, 'utf8')) as { createdAt: string }).createdAt) || 0;
  } catch {
    return 0;
  }
}
