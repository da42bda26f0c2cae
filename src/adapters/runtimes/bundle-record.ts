import { createHash } from 'node:crypto';
import { type Digest, digestOf } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { Platform } from '../../core/generation.ts';
import type { RuntimeBundle } from '../../core/ports/runtime.ts';
import { type StoredTree, treeAt } from '../trees/stored-tree.ts';

/** Name of the record, beside the archives in the cache and first in the one-file form. */
export const RECORD_NAME = 'bundle.json';
export const MAX_RECORD = 64 * 1024;
export const READ_SIZE = 1024 * 1024;

/** What a bundle is, without where it lies. */
export interface BundleRecord {
  schema: 1;
  platform: Platform;
  runtime: { name: string; version: string };
  node: StoredTree & { version: string };
  app: StoredTree;
  digest: Digest;
  /** Digest of all it was built from: the name of its folder in the cache. */
  input: Digest;
}

/** Digest that names a bundle: what it holds, not where it lies. */
export function bundleDigest(
  of: Pick<BundleRecord, 'platform' | 'runtime'> & { node: { digest: Digest }; app: { digest: Digest } },
): Digest {
  return digestOf({ platform: of.platform, runtime: of.runtime, node: of.node.digest, app: of.app.digest });
}

/** @throws ChpError INTEGRITY when it is not a record, or not of the digest it says */
export function parseRecord(text: string): BundleRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw notABundle('Its record is not JSON', cause);
  }
  if (!isRecord(value)) throw notABundle('Its record has not the form of one');
  if (bundleDigest(value) !== value.digest) throw notABundle('Its record does not match its digest');
  return value;
}

/** By hand: this is read on every push, and a schema library takes 50 ms to load. */
function isRecord(value: unknown): value is BundleRecord {
  const record = value as Partial<BundleRecord> | null;
  const word = (text: unknown) => typeof text === 'string' && /^[0-9A-Za-z@][0-9A-Za-z._/-]{0,99}$/.test(text);
  return (
    typeof record === 'object' &&
    record?.schema === 1 &&
    (record.platform === 'linux-x64' || record.platform === 'linux-arm64') &&
    word(record.runtime?.name) &&
    word(record.runtime?.version) &&
    word(record.node?.version) &&
    isDigest(record.input) &&
    isTree(record.node) &&
    isTree(record.app)
  );
}

function isTree(value: unknown): boolean {
  const tree = value as Partial<StoredTree> | null | undefined;
  const counts = [tree?.archiveSize, tree?.size, tree?.files];
  return (
    isDigest(tree?.digest) &&
    isDigest(tree?.archiveSha256) &&
    counts.every((n) => Number.isSafeInteger(n) && Number(n) >= 0)
  );
}

const isDigest = (text: unknown): boolean => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text);

/** The bundle of a record whose archives lie in `dir`. */
export function bundleAt(dir: string, record: BundleRecord): RuntimeBundle {
  const { schema: _schema, input: _input, ...rest } = record;
  return { ...rest, node: treeAt(dir, record.node), app: treeAt(dir, record.app) };
}

/**
 * Passes an archive's bytes on.
 * @throws ChpError INTEGRITY at their end, when they were not those of `expected`
 */
export async function* checkedBytes(bytes: AsyncIterable<Buffer>, expected: Digest): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== expected) throw notABundle('An archive in it is damaged: it does not match its digest.');
}

export function notABundle(why: string, cause?: unknown): ChpError {
  return new ChpError('INTEGRITY', 'this is not a runtime bundle that can be used', {
    why,
    cause,
  });
}
