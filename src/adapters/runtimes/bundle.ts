import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, sha256 } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { Platform } from '../../core/generation.ts';
import type { ChpHome } from '../../core/home.ts';
import type { Progress } from '../../core/ports/progress.ts';
import type { RuntimeAdapter, RuntimeBundle } from '../../core/ports/runtime.ts';
import { installApp } from '../trees/install-app.ts';
import { packTree } from '../trees/stored-tree.ts';
import { bundleDir, lockBundle, readCached, writeRecord } from './bundle-cache.ts';
import { type BundleRecord, bundleAt, bundleDigest } from './bundle-record.ts';
import { NODE_VERSION, unpackNode } from './node-package.ts';

/** Grows when the way a bundle is built changes, so that old cache entries are not used. */
const BUILDER = 3;

export interface BundleRequest {
  runtime: Pick<RuntimeAdapter, 'name' | 'version' | 'lockDir' | 'prune'>;
  platform: Platform;
  home: Pick<ChpHome, 'cache'>;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * The runtime for a platform, from the cache or built now. The same lock file gives the same digests everywhere.
 * Two processes that want the same one build it once; a damaged one is built anew.
 * @throws ENGINE_UNAVAILABLE when the packages can't be had, INTEGRITY when they are not the pinned ones, INTERRUPTED
 */
export async function buildBundle(request: BundleRequest): Promise<RuntimeBundle> {
  const input = await inputDigest(request);
  const dir = bundleDir(request.home, input);
  const cached = await readCached(dir);
  if (cached) return cached;
  const waits = () => request.progress.note('waiting for another chp that builds the same bundle');
  await using _lock = await lockBundle(dir, waits);
  const built = await readCached(dir);
  if (built) return built;
  if (existsSync(dir)) request.progress.warn('the cached bundle is damaged; building it again');
  // Awaited here: the lock is let go when this function returns.
  return await build(request, dir, input);
}

async function build(
  { runtime, platform, progress, signal }: BundleRequest,
  dir: string,
  input: string,
): Promise<RuntimeBundle> {
  const work = `${dir}.work`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true, mode: 0o700 });
  try {
    const app = join(work, 'app');
    const node = join(work, 'node');
    await progress.step('Install the pinned packages', (step) =>
      installApp(app, runtime.lockDir, platform, step, signal),
    );
    // Not the lock file and its package.json: how they are laid out must not change what runs.
    const keep = (path: string) =>
      path.startsWith('node_modules/') && !runtime.prune.some((pattern) => pattern.test(path));
    const appTree = await progress.step('Pack the gateway', (step) => packTree(app, work, step, signal, keep));
    const nodeTree = await progress.step(`Pack node ${NODE_VERSION}`, async (step) => {
      await unpackNode(node, platform, signal);
      return packTree(node, work, step, signal);
    });
    const named = {
      platform,
      runtime: { name: runtime.name, version: runtime.version },
      node: { ...nodeTree, version: NODE_VERSION },
      app: appTree,
    };
    const record: BundleRecord = { schema: 1, ...named, digest: bundleDigest(named), input };
    await rm(app, { recursive: true, force: true });
    await rm(node, { recursive: true, force: true });
    await writeRecord(work, record);
    await rm(dir, { recursive: true, force: true });
    await rename(work, dir);
    return bundleAt(dir, record);
  } catch (error) {
    if (signal.aborted && !(error instanceof ChpError && error.code === 'INTERRUPTED'))
      throw new ChpError('INTERRUPTED', 'building the bundle was stopped', { cause: error });
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function inputDigest({ runtime, platform }: BundleRequest): Promise<string> {
  const read = (name: string) => readFile(join(runtime.lockDir, name), 'utf8');
  const [manifest, lock] = await Promise.all([read('package.json'), read('package-lock.json')]);
  return digestOf({
    BUILDER,
    platform,
    node: NODE_VERSION,
    manifest: sha256(manifest),
    lock: sha256(lock),
    prune: runtime.prune.map(String),
  });
}
