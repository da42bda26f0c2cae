import { execFile } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { canonicalJson, type Digest } from './digest.ts';
import { diskFault } from './disk-fault.ts';
import { ChpError } from './errors.ts';
import { type ReadMember, readTar, TAR_END, tarHeader, tarPadding } from './tar.ts';
import { TREE_MANIFEST, type Tree, type TreeEntry } from './tree.ts';
import { checkedEntries, parseEntries } from './tree-check.ts';

export { scanTree } from './tree-scan.ts';

const ZSTD_LEVEL = 9;
const MAX_MANIFEST = 32 * 1024 * 1024;
const CHUNK = 256 * 1024;
/** Files up to this size are taken in one piece. */
const WHOLE = 1024 * 1024;
/** Files read ahead while an archive is written. */
const READ_AHEAD = 32;
const REPORT_EVERY = 250;

/**
 * Writes `tree`, whose files lie in `dir`, as `out`, which appears whole or not at all. The same tree gives the same
 * bytes (with the same zstd).
 * @throws ChpError INTEGRITY when a file is not what was scanned
 */
export async function writeTreeArchive(
  dir: string,
  tree: Tree,
  out: string,
  options: { signal?: AbortSignal; onProgress?: (entries: number, of: number) => void } = {},
): Promise<void> {
  const temporary = `${out}.${process.pid}.new`;
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } });
  try {
    await pipeline(
      Readable.from(archiveBytes(dir, tree, options.onProgress)),
      compress,
      createWriteStream(temporary, { flush: true }),
      {
        signal: options.signal,
      },
    );
    await rename(temporary, out);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function* archiveBytes(
  dir: string,
  tree: Tree,
  onProgress: (entries: number, of: number) => void = () => {},
): AsyncGenerator<Buffer> {
  const manifest = Buffer.from(canonicalJson(tree.entries));
  yield tarHeader({ path: TREE_MANIFEST, type: 'file', mode: 0o644, size: manifest.byteLength, target: '' });
  yield manifest;
  yield tarPadding(manifest.byteLength);
  const ahead: Promise<Buffer>[] = [];
  for (let at = 0, read = 0; at < tree.entries.length; at++) {
    for (; read < tree.entries.length && read < at + READ_AHEAD; read++) {
      const bytes = contentOf(dir, tree.entries[read] as TreeEntry);
      bytes.catch(() => {});
      ahead.push(bytes);
    }
    const entry = tree.entries[at] as TreeEntry;
    const bytes = (await ahead.shift()) as Buffer;
    yield entry.type === 'link'
      ? tarHeader({ path: entry.path, type: 'link', mode: 0o777, size: 0, target: entry.target })
      : tarHeader({ path: entry.path, type: 'file', mode: entry.mode, size: entry.size, target: '' });
    if (bytes.byteLength > 0) yield bytes;
    yield tarPadding(bytes.byteLength);
    if (at % REPORT_EVERY === 0) onProgress(at, tree.entries.length);
  }
  yield TAR_END;
}

async function contentOf(dir: string, entry: TreeEntry): Promise<Buffer> {
  if (entry.type === 'link') return Buffer.alloc(0);
  const bytes = await readFile(join(dir, entry.path));
  if (hash('sha256', bytes) !== entry.sha256)
    throw new ChpError('INTEGRITY', `${entry.path} changed while it was packed`);
  return bytes;
}

/**
 * Unpacks a tree archive into `dest`, which appears only when every entry was checked (names, sizes and digests against
 * `.tree.json`, that against `digest`) and is on the disk. Where `dest` is there already, it stays.
 * @throws ChpError INTEGRITY, or HOST_UNFIT when it can't be written; nothing is left behind then
 */
export async function extractTreeArchive(archive: Readable, dest: string, digest: Digest): Promise<Tree> {
  await removeStale(dest);
  const temporary = `${dest}.${process.pid}.new`;
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(dirname(dest), { recursive: true });
    const tree = await unpack(archive, temporary, digest);
    await syncToDisk(temporary);
    await rename(temporary, dest).catch((error: NodeJS.ErrnoException) => {
      // Somebody else was faster with the same tree.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return tree;
  } catch (error) {
    throw explain(error, digest);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * Reads a whole archive and checks every entry of it, writing nothing.
 * @throws ChpError INTEGRITY
 */
export async function verifyTreeArchive(archive: Readable, digest: Digest): Promise<Tree> {
  try {
    return await unpack(archive, null, digest);
  } catch (error) {
    throw explain(error, digest);
  }
}

/** The list of entries at the head of an archive of our own. @throws ChpError INTEGRITY */
export async function readTreeEntries(archive: string): Promise<TreeEntry[]> {
  for await (const member of readTar(decompressed(createReadStream(archive))))
    return parseEntries(await manifestOf(member)) as TreeEntry[];
  throw noManifest();
}

/** One file of an archive of our own; null = it has none of that path. @throws ChpError INTEGRITY */
export async function readTreeFile(archive: string, path: string): Promise<Buffer | null> {
  for await (const member of readTar(decompressed(createReadStream(archive))))
    if (member.path === path) return member.bytes();
  return null;
}

/** `dir` null = only check. */
async function unpack(archive: Readable, dir: string | null, digest: Digest): Promise<Tree> {
  let entries: TreeEntry[] | null = null;
  let at = 0;
  const folders = new Set<string>();
  const umask = process.umask();
  for await (const member of readTar(decompressed(archive))) {
    if (!entries) {
      const list = await manifestOf(member);
      entries = checkedEntries(list, digest);
      if (!dir) continue;
      ensureFolder(dir, '.', folders);
      await writeFile(join(dir, TREE_MANIFEST), list, { mode: 0o644 });
      await chmod(join(dir, TREE_MANIFEST), 0o644);
      continue;
    }
    const entry = entries[at++];
    if (entry?.path !== member.path)
      throw new ChpError(
        'INTEGRITY',
        `the archive holds "${member.path}" where its list has ${entry ? `"${entry.path}"` : 'its end'}`,
      );
    if (dir) ensureFolder(dir, dirname(entry.path), folders);
    await take(entry, member, dir, umask);
  }
  if (!entries) throw noManifest();
  const lacking = entries[at];
  if (lacking) throw new ChpError('INTEGRITY', `the archive lacks "${lacking.path}"`);
  return { digest, entries };
}

async function take(entry: TreeEntry, member: ReadMember, dir: string | null, umask: number): Promise<void> {
  if (entry.type === 'link') {
    if (member.type !== 'link' || member.target !== entry.target)
      throw new ChpError('INTEGRITY', `${entry.path} is not the link it should be`);
    if (dir) symlinkSync(entry.target, join(dir, entry.path));
    return;
  }
  if (member.type !== 'file' || member.size !== entry.size)
    throw new ChpError('INTEGRITY', `${entry.path} has not the size it should have`);
  // Thousands of small files: synchronous calls are several times faster here than one trip to a thread for each.
  const file = dir ? openSync(join(dir, entry.path), 'wx', entry.mode) : null;
  try {
    const seen = entry.size <= WHOLE ? await copyWhole(member, file) : await copyPieces(member, file);
    if (seen !== entry.sha256) throw new ChpError('INTEGRITY', `${entry.path} does not match its digest`);
    if (file !== null && (entry.mode & umask) !== 0) fchmodSync(file, entry.mode);
  } finally {
    if (file !== null) closeSync(file);
  }
}

async function copyWhole(member: ReadMember, file: number | null): Promise<Digest> {
  const bytes = await member.bytes();
  if (file !== null) writeAll(file, bytes);
  return hash('sha256', bytes);
}

async function copyPieces(member: ReadMember, file: number | null): Promise<Digest> {
  const seen = createHash('sha256');
  for await (const chunk of member.chunks()) {
    seen.update(chunk);
    if (file !== null) writeAll(file, chunk);
  }
  return seen.digest('hex');
}

function writeAll(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(file, bytes, done);
}

/** Folders are 0755 whatever the umask: the tenant's own user must be able to read them. */
function ensureFolder(root: string, folder: string, known: Set<string>): void {
  if (known.has(folder)) return;
  if (folder !== '.') ensureFolder(root, dirname(folder), known);
  mkdirSync(join(root, folder));
  chmodSync(join(root, folder), 0o755);
  known.add(folder);
}

async function manifestOf(member: ReadMember): Promise<Buffer> {
  if (member.path !== TREE_MANIFEST || member.type !== 'file' || member.size > MAX_MANIFEST) throw noManifest();
  return member.bytes();
}

/** Ends with an error when either side does. */
async function* decompressed(archive: Readable): AsyncGenerator<Buffer> {
  const output = createZstdDecompress({ chunkSize: CHUNK });
  const flow = pipeline(archive, output);
  flow.catch(() => {});
  try {
    yield* output as AsyncIterable<Buffer>;
    await flow;
  } finally {
    output.destroy();
    archive.destroy();
  }
}

/** A power cut must not leave a tree that looks whole and holds empty files; one call is cheaper than one a file. */
async function syncToDisk(path: string): Promise<void> {
  await promisify(execFile)('sync', ['-f', path]);
}

/** What runs that were killed left behind. */
async function removeStale(dest: string): Promise<void> {
  const prefix = `${basename(dest)}.`;
  const names = await readdir(dirname(dest)).catch(() => []);
  for (const name of names) {
    const pid = name.startsWith(prefix) ? /^(\d+)\.new$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid && !existsSync(`/proc/${pid}`)) await rm(join(dirname(dest), name), { recursive: true, force: true });
  }
}

function explain(error: unknown, digest: Digest): ChpError {
  if (error instanceof ChpError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const short = digest.slice(0, 12);
  const fault = diskFault(error);
  if (fault) return fault;
  if (code === 'EACCES' || code === 'EPERM')
    return new ChpError('HOST_UNFIT', `tree ${short} can't be written`, { why: message, cause: error });
  return new ChpError('INTEGRITY', `tree ${short} could not be unpacked: ${message}`, { cause: error });
}

function noManifest(): ChpError {
  return new ChpError('INTEGRITY', 'the archive does not begin with its list of entries');
}
