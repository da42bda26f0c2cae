import { hash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { ChpError } from './errors.ts';
import { TREE_MANIFEST, type Tree, type TreeEntry, treeDigest } from './tree.ts';
import { assertLinkInside } from './tree-check.ts';

const CONCURRENCY = 16;

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
  const entries = new Array<TreeEntry>(paths.length);
  let next = 0;
  const work = async () => {
    for (let at = next++; at < paths.length; at = next++) entries[at] = await describeEntry(dir, paths[at] as string);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { digest: treeDigest(entries), entries };
}

async function describeEntry(dir: string, path: string): Promise<TreeEntry> {
  const full = join(dir, path);
  const stat = await lstat(full);
  if (stat.isSymbolicLink()) {
    const target = await readlink(full);
    assertLinkInside(path, target);
    return { path, type: 'link', target };
  }
  if (!stat.isFile()) throw new ChpError('INTEGRITY', `${path} is neither a file nor a link`);
  const bytes = await readFile(full);
  const mode = stat.mode & 0o111 ? 0o755 : 0o644;
  return { path, type: 'file', mode, size: bytes.byteLength, sha256: hash('sha256', bytes) };
}
