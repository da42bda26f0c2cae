import { posix } from 'node:path';
import { type Digest, sha256 } from './digest.ts';
import { ChpError } from './errors.ts';
import { TREE_MANIFEST, type TreeEntry } from './tree.ts';

const MAX_ENTRIES = 100_000;
const MAX_PATH = 1_024;
const MAX_TREE_BYTES = 4 * 1024 ** 3;

/**
 * Entries of a tree as they came from outside, as JSON: canonical, for it is its bytes that have the digest.
 * @throws ChpError INTEGRITY when they are not those of `digest`, or could write outside of their folder
 */
export function checkedEntries(json: Buffer, digest: Digest): TreeEntry[] {
  if (sha256(json) !== digest) throw wrong('the list of entries does not match the digest it is said to have');
  const value = parseEntries(json);
  if (!Array.isArray(value) || value.length > MAX_ENTRIES) throw wrong('the list of entries is not one');
  const files = new Set<string>();
  const folders = new Set<string>();
  let total = 0;
  let before = '';
  for (const entry of value) {
    if (!isEntry(entry)) throw wrong('an entry has not the form of one');
    assertPath(entry.path);
    if (entry.path <= before) throw wrong(`"${entry.path}" is there twice, or not in order`);
    before = entry.path;
    files.add(entry.path);
    for (let up = posix.dirname(entry.path); up !== '.' && !folders.has(up); up = posix.dirname(up)) folders.add(up);
    if (entry.type === 'link') assertLinkInside(entry.path, entry.target);
    else total += entry.size;
  }
  // Otherwise a link could stand where a later path expects a folder, and lead out.
  for (const folder of folders) if (files.has(folder)) throw wrong(`"${folder}" is a folder and an entry at once`);
  if (total > MAX_TREE_BYTES) throw wrong(`it would unpack to ${total} bytes`);
  return value as TreeEntry[];
}

/**
 * A target must be `../`s, then names: so that, with no entry below a link, no chain of links can leave the tree.
 * @throws ChpError INTEGRITY
 */
export function assertLinkInside(path: string, target: string): void {
  const resolved = posix.join(posix.dirname(path), target);
  const plain =
    target === posix.normalize(target) &&
    !posix.isAbsolute(target) &&
    !/[\\\0]/.test(target) &&
    target.length <= MAX_PATH;
  if (!plain || resolved === '..' || resolved.startsWith('../'))
    throw wrong(`the link "${path}" → "${target}" leaves it`);
}

/** @throws ChpError INTEGRITY */
export function parseEntries(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    // The cause is left out: it would print the whole list.
    throw wrong('the list of entries is not JSON');
  }
}

function assertPath(path: string): void {
  const plain =
    posix.normalize(path) === path && !posix.isAbsolute(path) && !/[\\\0]|\/$/.test(path) && path.length <= MAX_PATH;
  if (!plain || ['', '.', '..', TREE_MANIFEST].includes(path) || path.startsWith('../'))
    throw wrong(`it may not hold "${path}"`);
}

function isEntry(value: unknown): value is TreeEntry {
  const entry = value as Partial<Record<'path' | 'type' | 'mode' | 'size' | 'sha256' | 'target', unknown>> | null;
  if (entry === null || typeof entry !== 'object' || typeof entry.path !== 'string') return false;
  if (entry.type === 'link') return typeof entry.target === 'string' && Object.keys(entry).length === 3;
  return (
    entry.type === 'file' &&
    (entry.mode === 0o644 || entry.mode === 0o755) &&
    Number.isSafeInteger(entry.size) &&
    (entry.size as number) >= 0 &&
    typeof entry.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(entry.sha256) &&
    Object.keys(entry).length === 5
  );
}

function wrong(why: string): ChpError {
  return new ChpError('INTEGRITY', `a tree can't be used: ${why}`);
}
