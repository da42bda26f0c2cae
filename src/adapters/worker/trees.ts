import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, sha256 } from '../../core/digest.ts';
import type { Platform } from '../../core/generation.ts';
import type { ChpHome } from '../../core/home.ts';
import { packagePath } from '../../core/package-root.ts';
import type { StepHandle } from '../../core/ports/progress.ts';
import type { TreeRef } from '../../core/ports/runtime.ts';
import { acquireEngine } from '../engines/acquire.ts';
import type { EngineTarget } from '../engines/catalogue.ts';
import { cachedTree, type TreeRequest } from '../trees/cached-tree.ts';
import { installApp } from '../trees/install-app.ts';
import { workerProgram } from './program.ts';
import { pruneFor } from './prune.ts';

/** Grows when the way the trees are built changes, so that old cache entries are not used. */
const BUILDER = 1;
const LOCK_DIR = packagePath('templates', 'services', 'worker');

const TARGETS: Record<Platform, EngineTarget> = {
  'linux-x64': { platform: 'linux', arch: 'x64' },
  'linux-arm64': { platform: 'linux', arch: 'arm64' },
};

/**
 * The worker as a tree: `worker.mjs` with the files beside it, and Temporal's SDK for one platform.
 * @throws ENGINE_UNAVAILABLE when the packages can't be had, INTERRUPTED
 */
export async function workerTree(platform: Platform, request: TreeRequest): Promise<TreeRef> {
  const program = await workerProgram(request.home);
  const prune = pruneFor(platform);
  const lock = (name: string) => readFile(join(LOCK_DIR, name), 'utf8').then(sha256);
  const [manifest, packages] = await Promise.all([lock('package.json'), lock('package-lock.json')]);
  const input = digestOf({
    tree: 'worker',
    BUILDER,
    platform,
    program: program.digest,
    manifest,
    packages,
    prune: prune.map(String),
  });
  const fill = async (dir: string, step: StepHandle) => {
    await installApp(dir, LOCK_DIR, platform, step, request.signal);
    for (const [name, bytes] of program.files) await writeFile(join(dir, name), bytes);
    // Not the lock file and its package.json: how they are laid out must not change what runs.
    return (path: string) =>
      program.files.has(path as never) ||
      (path.startsWith('node_modules/') && !prune.some((pattern) => pattern.test(path)));
  };
  return cachedTree({ name: 'worker', input, fill }, request);
}

/**
 * Temporal's server as a tree: `bin/temporal`.
 * @throws ENGINE_UNAVAILABLE saying what was tried
 */
export async function temporalTree(
  platform: Platform,
  request: TreeRequest & { home: ChpHome; env: NodeJS.ProcessEnv },
): Promise<TreeRef> {
  const engine = await acquireEngine('temporal', { ...request, target: TARGETS[platform] });
  const input = digestOf({ tree: 'temporal', BUILDER, platform, version: engine.version });
  const fill = async (dir: string) => {
    await mkdir(join(dir, 'bin'));
    await copyFile(engine.path, join(dir, 'bin', 'temporal'));
    await chmod(join(dir, 'bin', 'temporal'), 0o755);
    return () => true;
  };
  return cachedTree({ name: 'temporal', input, fill }, request);
}
