import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from './errors.ts';
import type { HeldLock, LockHolder } from './ports/registry.ts';

export interface FlockOptions {
  /** How long to wait for it, ms; 0 = one try. */
  waitMs: number;
  /** Called once, before waiting; null = not known. */
  onWait?: (holder: LockHolder | null) => void;
  /** JSON of who holds it. Default: `<path>.json`. */
  holderFile?: string;
  /** For messages: what is locked. Default: `path`. */
  subject?: string;
}

/** `flock -E`: exit code that means "somebody else has it". */
const BUSY = 75;
const RELEASE_MS = 2_000;

/**
 * Takes a lock that the kernel holds for a child process, whose stdin is ours: when this process ends, in whatever
 * way, the child ends and the lock is free. There is nothing to delete by hand.
 * @throws ChpError LOCKED with holder and age; HOST_UNFIT where there is no `flock`.
 */
export async function acquireFlock(path: string, holder: LockHolder, options: FlockOptions): Promise<HeldLock> {
  const holderFile = options.holderFile ?? `${path}.json`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  let child = await tryFlock(path, ['-n']);
  if (!child && options.waitMs > 0) {
    options.onWait?.(await whoHolds(holderFile));
    child = await tryFlock(path, ['-w', (options.waitMs / 1000).toFixed(3)]);
  }
  if (!child) throw lockedBy(options.subject ?? path, await whoHolds(holderFile));
  const held = child;
  try {
    writeFileSync(`${holderFile}.new`, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
    renameSync(`${holderFile}.new`, holderFile);
  } catch {
    // Only what others are told of it; on a disk that is full it must still be possible to clean up.
    rmSync(`${holderFile}.new`, { force: true });
  }
  const release = () => end(held);
  return { release, [Symbol.asyncDispose]: release };
}

/** LOCKED, with all that is known of the one who holds it. */
export function lockedBy(subject: string, holder: LockHolder | null): ChpError {
  const seconds = holder && Math.max(0, Math.round((Date.now() - Date.parse(holder.since)) / 1000));
  return new ChpError('LOCKED', `${subject} is locked by another run`, {
    why: holder
      ? `${holder.actor} on ${holder.host} (pid ${holder.pid}) has been running "${holder.what}" for ${inWords(seconds ?? 0)}.`
      : 'Who holds it is not known.',
    next: [
      'Wait for it to end, or run this again with a longer --wait.',
      'When that process is dead the lock is free already: nothing is to be deleted.',
    ],
    details: { holder, ageSeconds: seconds },
  });
}

function tryFlock(path: string, how: readonly string[]): Promise<ChildProcess | undefined> {
  // Its own session: Ctrl-C at the terminal must not free the lock while we still clean up.
  const child = spawn('flock', [...how, '-E', String(BUSY), '--no-fork', path, 'cat'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint += data;
  });
  child.stdin.on('error', () => {});
  // What comes back comes from `cat`, which is there only once the lock is held.
  child.stdin.write('held\n');
  return new Promise((resolve, reject) => {
    const unfit = (why: string) =>
      reject(
        new ChpError('HOST_UNFIT', `no lock could be taken on ${path}`, {
          why,
          next: ['Install flock (Debian: util-linux).'],
        }),
      );
    child.once('error', (error) => unfit(error.message));
    child.once('close', (code) =>
      code === BUSY ? resolve(undefined) : unfit(complaint.trim() || `flock ended with ${code}`),
    );
    child.stdout.once('data', () => {
      // A lock that nobody released must not keep the process alive.
      child.unref();
      for (const pipe of [child.stdin, child.stdout, child.stderr])
        (pipe as unknown as { unref?: () => void }).unref?.();
      resolve(child);
    });
  });
}

/** Freed when the child is gone. A child that does not end by itself is killed. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  const deadline = new AbortController();
  await Promise.race([gone, sleep(RELEASE_MS, undefined, { signal: deadline.signal }).catch(() => {})]);
  deadline.abort();
  if (child.exitCode === null && child.signalCode === null && child.pid) {
    process.kill(-child.pid, 'SIGKILL');
    await gone;
  }
}

/** A holder that is dead left its file behind; the new one has not written its own yet: so look again. */
async function whoHolds(holderFile: string): Promise<LockHolder | null> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const holder = readHolder(holderFile);
    if (holder && (holder.host !== hostname() || isAlive(holder.pid))) return holder;
    await sleep(40);
  }
  return null;
}

function readHolder(holderFile: string): LockHolder | null {
  try {
    return JSON.parse(readFileSync(holderFile, 'utf8')) as LockHolder;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
