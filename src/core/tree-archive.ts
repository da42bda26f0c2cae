import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { create, Parser, type ReadEntry } from 'tar';
import { canonicalJson, type Digest } from './digest.ts';
import { ChpError } from './errors.ts';
import { TREE_MANIFEST, type Tree, type TreeEntry, treeDigest } from './tree.ts';

const CONCURRENCY = 16;
const ZSTD_LEVEL = 9;
const MAX_ENTRIES = 100_000;
const MAX_MANIFEST = 32 * 1024 * 1024;

/**
 * Every file and link below `dir`, sorted by path, with content digests. `keep` leaves paths out.
 * @throws ChpError INTEGRITY on a link that leaves the tree, or on anything but files, links and folders
 */
export async function scanTree(dir: string, keep: (path: string) => boolean = () => true): Promise<Tree> {
  const found = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => posix.join(posix.relative(dir, entry.parentPath), entry.name))
    .filter((path) => path !== TREE_MANIFEST && keep(path))
    .sort();
  const entries = await mapLimit(paths, CONCURRENCY, (path) => describeEntry(dir, path));
  return { digest: treeDigest(entries), entries };
}

async function describeEntry(dir: string, path: string): Promise<TreeEntry> {
  const full = join(dir, path);
  const stat = await lstat(full);
  if (stat.isSymbolicLink()) {
    const target = await readlink(full);
    assertInside(path, target);
    return { path, type: 'link', target };
  }
  if (!stat.isFile()) throw new ChpError('INTEGRITY', `${path} is neither a file nor a link`);
  const bytes = await readFile(full);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path, type: 'file', mode: stat.mode & 0o111 ? 0o755 : 0o644, size: bytes.byteLength, sha256 };
}

/**
 * Writes `tree` (whose files lie in `dir`, which is touched: modes and times) as `out`, byte for byte the same for the
 * same tree.
 */
export async function writeTreeArchive(dir: string, tree: Tree, out: string): Promise<void> {
  await writeFile(join(dir, TREE_MANIFEST), canonicalJson(tree.entries), { mode: 0o644 });
  await mapLimit(tree.entries, CONCURRENCY, async (entry) => {
    if (entry.type === 'file') await chmod(join(dir, entry.path), entry.mode);
  });
  const temporary = `${out}.${process.pid}.new`;
  const packed = create(
    { cwd: dir, portable: true, mtime: new Date(0), noDirRecurse: true, strict: true },
    [TREE_MANIFEST, ...tree.entries.map((entry) => entry.path)].map((path) => (path.startsWith('@') ? `./${path}` : path)),
  );
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } });
  await pipeline(Readable.from(packed as AsyncIterable<Buffer>), compress, createWriteStream(temporary, { flush: true }));
  await rename(temporary, out);
}

/**
 * Unpacks a tree archive into `dest`, which appears only when every entry was checked: names, sizes, modes and digests
 * against `.tree.json`, and that against `digest`.
 * @throws ChpError INTEGRITY; nothing is left behind then
 */
export async function extractTreeArchive(archive: Readable, dest: string, digest: Digest): Promise<Tree> {
  const temporary = `${dest}.${process.pid}.new`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true, mode: 0o755 });
  try {
    const tree = await unpack(archive, temporary, digest);
    await writeFile(join(temporary, TREE_MANIFEST), canonicalJson(tree.entries), { flush: true });
    await rename(temporary, dest);
    return tree;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (error instanceof ChpError) throw error;
    throw new ChpError('INTEGRITY', `tree ${digest.slice(0, 12)} could not be unpacked: ${(error as Error).message}`, { cause: error });
  }
}

async function unpack(archive: Readable, dir: string, digest: Digest): Promise<Tree> {
  let wanted: Map<string, TreeEntry> | undefined;
  let entries: TreeEntry[] = [];
  const limit = new Semaphore(CONCURRENCY);
  const folders = new Set<string>();
  const work: Promise<void>[] = [];
  let failure: unknown;
  const parser = new Parser({ strict: true });

  let listed: Promise<void> | undefined;
  const handle = async (entry: ReadEntry): Promise<void> => {
    await listed;
    if (failure) throw failure;
    const path = entry.path.replace(/^\.\//, '');
    if (!wanted) {
      if (path !== TREE_MANIFEST || entry.size > MAX_MANIFEST) throw new ChpError('INTEGRITY', 'the archive does not begin with its list of entries');
      entries = checkedEntries(JSON.parse(String(await entry.concat())), digest);
      wanted = new Map(entries.map((expected) => [expected.path, expected]));
      return;
    }
    const expected = wanted.get(path);
    if (!expected) throw new ChpError('INTEGRITY', `the archive holds ${path}, which is not in its list, or twice`);
    wanted.delete(path);
    const full = join(dir, path);
    if (!folders.has(dirname(full))) {
      await mkdir(dirname(full), { recursive: true, mode: 0o755 });
      folders.add(dirname(full));
    }
    if (expected.type === 'link') {
      if (entry.type !== 'SymbolicLink' || entry.linkpath !== expected.target) throw new ChpError('INTEGRITY', `${path} is not the link it should be`);
      entry.resume();
      await symlink(expected.target, full);
      return;
    }
    if (entry.size !== expected.size) throw new ChpError('INTEGRITY', `${path} has ${entry.size} bytes, not ${expected.size}`);
    const hash = createHash('sha256');
    await using file = await open(full, 'wx', expected.mode);
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      hash.update(chunk);
      await file.write(chunk);
    }
    if (hash.digest('hex') !== expected.sha256) throw new ChpError('INTEGRITY', `${path} does not match its digest`);
    await file.chmod(expected.mode);
  };

  parser.on('entry', (entry: ReadEntry) => {
    if (failure) {
      entry.resume();
      return;
    }
    const handled = limit
      .run(() => handle(entry))
      .catch((error: unknown) => {
        failure ??= error;
        entry.resume();
      });
    listed ??= handled;
    work.push(handled);
  });
  await pipeline(archive, createZstdDecompress(), async (bytes) => {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      if (failure) throw failure;
      if (!parser.write(chunk)) await new Promise<void>((resolve) => parser.once('drain', resolve));
    }
    await new Promise<void>((resolve, reject) => {
      parser.once('end', resolve).once('error', reject);
      parser.end();
    });
  });
  await Promise.all(work);
  if (failure) throw failure;
  if (!wanted || wanted.size > 0) throw new ChpError('INTEGRITY', `the archive lacks ${wanted ? [...wanted.keys()][0] : 'its list of entries'}`);
  return { digest, entries };
}

/** The list of entries at the head of an archive of our own. */
export async function readTreeEntries(archive: string): Promise<TreeEntry[]> {
  const parser = new Parser({ strict: true });
  const bytes = createReadStream(archive).pipe(createZstdDecompress());
  try {
    return await new Promise<TreeEntry[]>((resolve, reject) => {
      parser.once('entry', (entry: ReadEntry) => {
        entry.concat().then((text) => resolve(JSON.parse(String(text)) as TreeEntry[]), reject);
      });
      bytes.on('data', (chunk: Buffer) => parser.write(chunk)).once('error', reject);
    });
  } finally {
    bytes.destroy();
  }
}

function checkedEntries(value: unknown, digest: Digest): TreeEntry[] {
  const entries = value as TreeEntry[];
  if (!Array.isArray(entries) || entries.length > MAX_ENTRIES || treeDigest(entries) !== digest)
    throw new ChpError('INTEGRITY', 'the list of entries does not match the tree it is said to be');
  for (const entry of entries) {
    if (entry.path === '' || posix.isAbsolute(entry.path) || posix.normalize(entry.path) !== entry.path || entry.path.startsWith('../'))
      throw new ChpError('INTEGRITY', `"${entry.path}" would leave the tree`);
    if (entry.type === 'link') assertInside(entry.path, entry.target);
  }
  return entries;
}

function assertInside(path: string, target: string): void {
  const resolved = posix.normalize(posix.join(posix.dirname(path), target));
  if (posix.isAbsolute(target) || resolved === '..' || resolved.startsWith('../'))
    throw new ChpError('INTEGRITY', `the link ${path} → ${target} leaves the tree`);
}


async function mapLimit<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const semaphore = new Semaphore(limit);
  return Promise.all(items.map((item) => semaphore.run(() => work(item))));
}

class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  constructor(size: number) {
    this.#free = size;
  }
  async run<R>(work: () => Promise<R>): Promise<R> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
