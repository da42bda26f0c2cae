import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { HeldLock } from '../../core/ports/registry.ts';
import type { RuntimeBundle } from '../../core/ports/runtime.ts';
import { lockFolder } from '../trees/cached-tree.ts';
import { areIntact, markSeen } from '../trees/stored-tree.ts';
import { type BundleRecord, bundleAt, parseRecord, RECORD_NAME } from './bundle-record.ts';

/** Where a bundle that was built from `input` lies; `<dir>.lock` guards it. */
export const bundleDir = (home: { cache: string }, input: Digest): string => join(home.cache, 'bundles', input);

/** Two processes that want the same bundle make it once. @throws ChpError LOCKED after 15 minutes */
export const lockBundle = (dir: string, onWait: () => void): Promise<HeldLock> =>
  lockFolder(dir, 'the runtime bundle', onWait);

/** The bundle in a folder of the cache; null when it is not there, or damaged: then it is to be built again. */
export async function readCached(dir: string): Promise<RuntimeBundle | null> {
  try {
    const record = await readRecord(dir);
    return (await areIntact(dir, [record.node, record.app])) ? bundleAt(dir, record) : null;
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
  await markSeen(dir, [record.node, record.app]);
}
