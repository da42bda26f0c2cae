import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { digestOf, sha256 } from '../../core/digest.ts';
import { acquireFlock } from '../../core/flock.ts';
import type { Platform } from '../../core/generation.ts';
import type { ChpHome } from '../../core/home.ts';
import type { Progress } from '../../core/ports/progress.ts';
import type { RuntimeAdapter, RuntimeBundle, TreeRef } from '../../core/ports/runtime.ts';
import { scanTree, writeTreeArchive } from '../../core/tree-archive.ts';
import { installApp } from './install-app.ts';
import { NODE_VERSION, unpackNode } from './node-package.ts';

/** Grows when the way a bundle is built changes, so that old cache entries are not used. */
const BUILDER = 1;
const LOCK_WAIT_MS = 15 * 60_000;

export interface BundleRequest {
  runtime: Pick<RuntimeAdapter, 'name' | 'version' | 'lockDir' | 'prune'>;
  platform: Platform;
  home: ChpHome;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * The runtime for a platform, from the cache or built now. The same lock file gives the same digests everywhere.
 * Two processes that want the same one build it once.
 * @throws ENGINE_UNAVAILABLE when the packages can't be had
 */
export async function buildBundle(request: BundleRequest): Promise<RuntimeBundle> {
  const dir = join(request.home.cache, 'bundles', await inputDigest(request));
  const cached = await readCached(dir);
  if (cached) return cached;
  const holder = { actor: userInfo().username, host: hostname(), pid: process.pid, what: 'bundle build', since: new Date().toISOString() };
  await using _lock = await acquireFlock(`${dir}.lock`, holder, {
    waitMs: LOCK_WAIT_MS,
    onWait: () => request.progress.note('waiting for another chp that builds the same bundle'),
  });
  return (await readCached(dir)) ?? (await build(request, dir));
}

async function build({ runtime, platform, progress, signal }: BundleRequest, dir: string): Promise<RuntimeBundle> {
  const work = `${dir}.work`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true, mode: 0o700 });
  try {
    const app = await progress.step('Install the pinned packages', () => installApp(join(work, 'app'), runtime.lockDir, platform, signal));
    const appTree = await progress.step('Pack the gateway', () => pack(app, work, dir, (path) => !runtime.prune.some((pattern) => pattern.test(path))));
    const node = await progress.step(`Pack node ${NODE_VERSION}`, async () => pack(await unpackNode(join(work, 'node'), platform, signal), work, dir));
    const named = { platform, runtime: { name: runtime.name, version: runtime.version }, node: { ...node, version: NODE_VERSION }, app: appTree };
    const bundle: RuntimeBundle = { ...named, digest: bundleDigest(named) };
    await writeFile(join(work, 'bundle.json'), JSON.stringify(bundle, null, 2), { flush: true });
    await rm(join(work, 'app'), { recursive: true, force: true });
    await rm(join(work, 'node'), { recursive: true, force: true });
    await rm(dir, { recursive: true, force: true });
    await rename(work, dir);
    return bundle;
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
}

/** Digest that names a bundle: what it holds, not where it lies. */
export function bundleDigest(bundle: Pick<RuntimeBundle, 'platform' | 'runtime'> & { node: { digest: string }; app: { digest: string } }): string {
  return digestOf({ platform: bundle.platform, runtime: bundle.runtime, node: bundle.node.digest, app: bundle.app.digest });
}

async function pack(from: string, work: string, dir: string, keep?: (path: string) => boolean): Promise<TreeRef> {
  const tree = await scanTree(from, keep);
  const name = `${tree.digest}.tar.zst`;
  await writeTreeArchive(from, tree, join(work, name));
  const { size: archiveSize } = await stat(join(work, name));
  const size = tree.entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  return { digest: tree.digest, archive: join(dir, name), archiveSize, size, files: tree.entries.length };
}

/** null when it is not there, or not whole: then it is built again. */
async function readCached(dir: string): Promise<RuntimeBundle | null> {
  try {
    const bundle = JSON.parse(await readFile(join(dir, 'bundle.json'), 'utf8')) as RuntimeBundle;
    for (const tree of [bundle.node, bundle.app]) if ((await stat(tree.archive)).size !== tree.archiveSize) return null;
    return bundle.digest === bundleDigest(bundle) ? bundle : null;
  } catch {
    return null;
  }
}

async function inputDigest({ runtime, platform }: BundleRequest): Promise<string> {
  const read = (name: string) => readFile(join(runtime.lockDir, name), 'utf8');
  const [manifest, lock] = await Promise.all([read('package.json'), read('package-lock.json')]);
  return digestOf({ BUILDER, platform, node: NODE_VERSION, manifest: sha256(manifest), lock: sha256(lock), prune: runtime.prune.map(String) });
}
