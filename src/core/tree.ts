import { type Digest, digestOf } from './digest.ts';

/** One entry of a content-addressed directory tree. */
export type TreeEntry =
  | { path: string; type: 'file'; mode: 0o644 | 0o755; size: number; sha256: Digest }
  | { path: string; type: 'link'; target: string };

/**
 * A directory tree named by its content (runtimes, node). Entries are sorted by path; directories are implied and 0755.
 * It travels as `<digest>.tar.zst`: entry `.tree.json` (these entries as canonical JSON) first, then the entries in
 * order, with mtime 0 and owner 0:0. Whoever unpacks checks every entry against `.tree.json` and that against the digest.
 */
export interface Tree {
  digest: Digest;
  entries: TreeEntry[];
}

export const TREE_MANIFEST = '.tree.json';

export function treeDigest(entries: readonly TreeEntry[]): Digest {
  return digestOf(entries);
}
