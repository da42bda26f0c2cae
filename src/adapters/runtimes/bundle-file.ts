import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ChpError } from '../../core/errors.ts';
import type { RuntimeBundle } from '../../core/ports/runtime.ts';
import { type ReadMember, readTar, TAR_END, tarHeader, tarPadding } from '../../core/tar.ts';
import { verifyTreeArchive } from '../../core/tree-archive.ts';
import { archiveName } from '../trees/stored-tree.ts';
import { bundleDir, lockBundle, readCached, readRecord, writeRecord } from './bundle-cache.ts';
import {
  type BundleRecord,
  bundleAt,
  checkedBytes,
  MAX_RECORD,
  notABundle,
  parseRecord,
  READ_SIZE,
  RECORD_NAME,
} from './bundle-record.ts';

/**
 * The one-file form of a bundle, to carry where there is no network: an uncompressed tar of `bundle.json` and then the
 * two tree archives, node first.
 */

/**
 * Writes it; the same bundle gives the same bytes. `out` appears whole or not at all.
 * @returns bytes written
 * @throws ChpError INTEGRITY when the cached bundle is damaged; BAD_INPUT when `out` can't be written
 */
export async function writeOfflineBundle(bundle: RuntimeBundle, out: string): Promise<number> {
  const dir = dirname(bundle.app.archive);
  const record = await readRecord(dir);
  const temporary = `${out}.${process.pid}.new`;
  try {
    await mkdir(dirname(resolve(out)), { recursive: true });
    await pipeline(Readable.from(fileBytes(dir, record)), createWriteStream(temporary, { flush: true }));
    await rename(temporary, out);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (error instanceof ChpError) throw error;
    throw new ChpError('BAD_INPUT', `${out} can't be written`, { why: (error as Error).message, cause: error });
  }
  return (await stat(out)).size;
}

async function* fileBytes(dir: string, record: BundleRecord): AsyncGenerator<Buffer> {
  const text = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  yield header(RECORD_NAME, text.byteLength);
  yield text;
  yield tarPadding(text.byteLength);
  for (const tree of [record.node, record.app]) {
    yield header(archiveName(tree), tree.archiveSize);
    const archive = createReadStream(join(dir, archiveName(tree)), { highWaterMark: READ_SIZE });
    yield* checkedBytes(archive, tree.archiveSha256);
    yield tarPadding(tree.archiveSize);
  }
  yield TAR_END;
}

const header = (path: string, size: number): Buffer => tarHeader({ path, type: 'file', mode: 0o644, size, target: '' });

/** What a file says that it holds; reads only its head. @throws ChpError INTEGRITY, NOT_FOUND */
export async function inspectBundle(file: string): Promise<BundleRecord> {
  for await (const member of members(file)) return await recordOf(member);
  throw notABundle('It is empty.');
}

/** Checks every file inside against its digest, writing nothing. @throws ChpError INTEGRITY, NOT_FOUND */
export function verifyBundle(file: string): Promise<BundleRecord> {
  return walk(file, async (tree, bytes) => {
    await verifyTreeArchive(Readable.from(bytes), tree.digest);
  });
}

/**
 * Takes a file's bundle into the cache after every file inside was checked; from then on `buildBundle` finds it there and
 * needs no network. Whoever made the file is trusted with what runs on the hubs.
 * @throws ChpError INTEGRITY, NOT_FOUND
 */
export async function readOfflineBundle(file: string, home: { cache: string }): Promise<RuntimeBundle> {
  const { input, digest } = await inspectBundle(file);
  const dir = bundleDir(home, input);
  await using _lock = await lockBundle(dir, () => {});
  const cached = await readCached(dir);
  if (cached?.digest === digest) return cached;
  const work = `${dir}.work`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { mode: 0o700 });
  try {
    const record = await walk(file, async (tree, bytes) => {
      const copy = join(work, archiveName(tree));
      await pipeline(Readable.from(bytes), createWriteStream(copy, { flush: true }));
      await verifyTreeArchive(createReadStream(copy), tree.digest);
    });
    await writeRecord(work, record);
    await rm(dir, { recursive: true, force: true });
    await rename(work, dir);
    return bundleAt(dir, record);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Hands each archive to `take`, which must read all of it. */
async function walk(
  file: string,
  take: (tree: BundleRecord['app'], bytes: AsyncIterable<Buffer>) => Promise<void>,
): Promise<BundleRecord> {
  let record: BundleRecord | undefined;
  const left: BundleRecord['app'][] = [];
  for await (const member of members(file)) {
    if (!record) {
      record = await recordOf(member);
      left.push(record.node, record.app);
      continue;
    }
    const tree = left.shift();
    const expected = tree ? archiveName(tree) : 'its end';
    if (!tree || member.path !== expected || member.type !== 'file' || member.size !== tree.archiveSize)
      throw notABundle(`It holds "${member.path}" where ${expected} should be.`);
    await take(tree, checkedBytes(member.chunks(), tree.archiveSha256));
  }
  if (!record || left.length > 0) throw notABundle('It is cut short.');
  return record;
}

async function* members(file: string): AsyncGenerator<ReadMember> {
  const source = createReadStream(file, { highWaterMark: READ_SIZE });
  try {
    yield* readTar(source as AsyncIterable<Buffer>);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR')
      throw new ChpError('NOT_FOUND', `there is no bundle file ${file}`, { cause: error });
    throw error;
  } finally {
    source.destroy();
  }
}

async function recordOf(member: ReadMember): Promise<BundleRecord> {
  if (member.path !== RECORD_NAME || member.type !== 'file' || member.size > MAX_RECORD)
    throw notABundle('It does not begin with its record.');
  return parseRecord((await member.bytes()).toString('utf8'));
}
