import { readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';

/** A lock on a stack, as the engine names it when it refuses to run. */
export interface StateLock {
  url: string;
  user: string;
  host: string;
  pid: number;
  since: string;
}

/** All locks that an engine's message speaks of. Pure. */
export function parseLocks(text: string): StateLock[] {
  return [...text.matchAll(/(\S+\.json)\S*: created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)/g)].map(
    ([, url = '', user = '', host = '', pid = '', since = '']) => ({ url, user, host, pid: Number(pid), since }),
  );
}

/**
 * Removes locks that engines which are dead left on this machine: exactly those files, so that nobody's new lock can
 * go with them.
 * @returns the locks that are gone
 */
export async function removeDeadLocks(locks: readonly StateLock[]): Promise<StateLock[]> {
  const removed: StateLock[] = [];
  for (const lock of locks) {
    if (!lock.url.startsWith('file://') || lock.host !== hostname() || (await isEngine(lock.pid))) continue;
    await rm(fileURLToPath(lock.url), { force: true });
    removed.push(lock);
  }
  return removed;
}

/** A process id may have been given to somebody else since. */
async function isEngine(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (process.platform !== 'linux') return true;
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^Name:\s*pulumi/m.test(status) && !/^State:\s*Z/m.test(status);
}
