import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import type { StepHandle } from '../../core/ports/progress.ts';
import type { TreeRef } from '../../core/ports/runtime.ts';
import { scanTree, writeTreeArchive } from '../../core/tree-archive.ts';

/** A tree's archive in a folder of the cache, without where that lies. */
export interface StoredTree {
  digest: Digest;
  /** Tells a damaged archive without unpacking it. */
  archiveSha256: Digest;
  archiveSize: number;
  size: number;
  files: number;
}

/**
 * What the archives looked like when they were last read whole. While the kernel's own times and inode are the same
 * nobody wrote to them, so the next run need not read 70 MB again.
 */
const SEEN_NAME = 'seen.json';
const READ_SIZE = 1024 * 1024;

export const archiveName = (tree: { digest: Digest }): string => `${tree.digest}.tar.zst`;

/** Packs a folder as `<dir>/<digest>.tar.zst`. `keep` leaves paths out. */
export async function packTree(
  from: string,
  dir: string,
  step: StepHandle,
  signal: AbortSignal,
  keep?: (path: string) => boolean,
): Promise<StoredTree> {
  const tree = await scanTree(from, keep);
  const archive = join(dir, archiveName(tree));
  await writeTreeArchive(from, tree, archive, {
    signal,
    onProgress: (done, total) => step.update(done, total, 'files'),
  });
  const size = tree.entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  return {
    digest: tree.digest,
    archiveSha256: await sha256File(archive),
    archiveSize: (await stat(archive)).size,
    size,
    files: tree.entries.length,
  };
}

export function treeAt<T extends StoredTree>(dir: string, { archiveSha256: _sum, ...tree }: T) {
  return { ...tree, archive: join(dir, archiveName(tree)) } satisfies TreeRef;
}

/** Whether the archives in `dir` are what they were. @throws ENOENT when one is gone */
export async function areIntact(dir: string, trees: readonly StoredTree[]): Promise<boolean> {
  const seen = await fingerprints(dir, trees);
  if (seen === (await readFile(join(dir, SEEN_NAME), 'utf8').catch(() => ''))) return true;
  for (const tree of trees) if ((await sha256File(join(dir, archiveName(tree)))) !== tree.archiveSha256) return false;
  await writeSeen(dir, seen);
  return true;
}

/** Remembers archives that were just written. */
export async function markSeen(dir: string, trees: readonly StoredTree[]): Promise<void> {
  await writeSeen(dir, await fingerprints(dir, trees));
}

async function fingerprints(dir: string, trees: readonly StoredTree[]): Promise<string> {
  const all: Record<Digest, string[]> = {};
  for (const tree of trees) {
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

/** SHA-256 of a file's bytes. */
export async function sha256File(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: READ_SIZE })) hash.update(chunk);
  return hash.digest('hex');
}
