import { hostname, userInfo } from 'node:os';
import type { LockHolder } from '../../core/ports/registry.ts';

/** This process as the holder of a lock. CHP_ACTOR names the person where the login does not (CI). */
export function thisHolder(what: string): LockHolder {
  return { actor: actor(), host: hostname(), pid: process.pid, what, since: new Date().toISOString() };
}

function actor(): string {
  if (process.env.CHP_ACTOR) return process.env.CHP_ACTOR;
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
