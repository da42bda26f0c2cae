import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import { acquireFlock } from '../../core/flock.ts';
import type { HeldLock } from '../../core/ports/registry.ts';
import type { RuntimeBundle } from '../../core/ports/runtime.ts';
import { archiveName, type BundleRecord, bundleAt, parseRecord, RECORD_NAME, sha256File } from './bundle-record.ts';

/**
 * What the archives looked like when they were last read whole. While the kernel's own times and inode are the same
 * nobody wrote to them, so the next run need not read 70 MB again.
 */
const SEEN_NAME = 'seen.json';
const LOCK_WAIT_MS = 15 * 60_000;

/** Where a bundle that was built from `input` lies; `<dir>.lock` guards it. */
export const bundleDir = (home: { cache: string }, input: Digest): string => join(home.cache, 'bundles', input);

/** Two processes that want the same bundle make it once. @throws ChpError LOCKED after 15 minutes */
export function lockBundle(dir: string, what: string, onWait: () => void): Promise<HeldLock> {
  const holder = {
    actor: userInfo().username,
    host: hostname(),
    pid: process.pid,
    what,
    since: new Date().toISOString(),
  };
  return acquireFlock(`${dir}.lock`, holder, { waitMs: LOCK_WAIT_MS, subject: 'The runtime bundle', onWait });
}

/** The bundle in a folder of the cache; null when it is not there, or damaged: then it is to be built again. */
export async function readCached(dir: string): Promise<RuntimeBundle | null> {
  try {
    const record = await readRecord(dir);
    const seen = await fingerprints(dir, record);
    if (seen !== (await readFile(join(dir, SEEN_NAME), 'utf8').catch(() => ''))) {
      for (const tree of [record.node, record.app])
        if ((await sha256File(join(dir, archiveName(tree)))) !== tree.archiveSha256) return null;
      await writeSeen(dir, seen);
    }
    return bundleAt(dir, record);
  } catch (error) {
    if (error instanceof ChpError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** @throws ChpError INTEGRITY, or ENOENT */
export async function readRecord(dir: string): Promise<BundleRecord> {
  return parseRecord(await readFile(join(dir, RECORD_NAME), 'utf8'));
}

/** Writes the record into a folder that holds the archives already. */
export async function writeRecord(dir: string, record: BundleRecord): Promise<void> {
  await writeFile(join(dir, RECORD_NAME), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644, flush: true });
  await writeSeen(dir, await fingerprints(dir, record));
}

async function fingerprints(dir: string, record: BundleRecord): Promise<string> {
  const all: Record<Digest, string[]> = {};
  for (const tree of [record.node, record.app]) {
    const { size, ino, mtimeNs, ctimeNs } = await stat(join(dir, archiveName(tree)), { bigint: true });
    all[tree.digest] = [size, ino, mtimeNs, ctimeNs].map(String);
  }
  return JSON.stringify(all);
}

async function writeSeen(dir: string, seen: string): Promise<void> {
  const temporary = join(dir, `${SEEN_NAME}.${process.pid}.new`);
  await writeFile(temporary, seen, { mode: 0o644 });
  await rename(temporary, join(dir, SEEN_NAME));
}
