import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import { acquireFlock } from '../../core/flock.ts';
import type { ChpHome } from '../../core/home.ts';
import type { Progress, StepHandle } from '../../core/ports/progress.ts';
import type { HeldLock } from '../../core/ports/registry.ts';
import type { TreeRef } from '../../core/ports/runtime.ts';
import { areIntact, markSeen, packTree, type StoredTree, treeAt } from './stored-tree.ts';

export interface TreeRecipe {
  /** In messages: `worker`, `temporal`. */
  name: string;
  /** Digest of all that the tree is made of: the name of its folder in the cache. */
  input: Digest;
  /** Puts the tree's files into a folder. @returns which of them belong to it */
  fill(dir: string, step: StepHandle): Promise<(path: string) => boolean>;
}

export interface TreeRequest {
  home: Pick<ChpHome, 'cache'>;
  progress: Progress;
  signal: AbortSignal;
}

const RECORD_NAME = 'tree.json';
const LOCK_WAIT_MS = 15 * 60_000;

/**
 * A tree from the cache, or made now. Two processes that want the same one make it once; a damaged one is made anew.
 * @throws what `fill` throws; INTERRUPTED
 */
export async function cachedTree(recipe: TreeRecipe, request: TreeRequest): Promise<TreeRef> {
  const dir = join(request.home.cache, 'trees', recipe.input);
  const cached = await read(dir);
  if (cached) return cached;
  const waits = () => request.progress.note(`waiting for another chp that makes the tree ${recipe.name}`);
  await using _lock = await lockFolder(dir, `the tree ${recipe.name}`, waits);
  // Awaited here: the lock is let go when this function returns.
  return (await read(dir)) ?? (await make(recipe, request, dir));
}

/** Two processes that want the same folder of the cache make it once. @throws ChpError LOCKED after 15 minutes */
export function lockFolder(dir: string, subject: string, onWait: () => void): Promise<HeldLock> {
  const holder = {
    actor: userInfo().username,
    host: hostname(),
    pid: process.pid,
    what: `building ${subject}`,
    since: new Date().toISOString(),
  };
  return acquireFlock(`${dir}.lock`, holder, { waitMs: LOCK_WAIT_MS, subject, onWait });
}

async function read(dir: string): Promise<TreeRef | null> {
  try {
    const tree = JSON.parse(await readFile(join(dir, RECORD_NAME), 'utf8')) as StoredTree;
    return (await areIntact(dir, [tree])) ? treeAt(dir, tree) : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function make(recipe: TreeRecipe, { progress, signal }: TreeRequest, dir: string): Promise<TreeRef> {
  const work = `${dir}.work`;
  const content = join(work, 'content');
  await rm(work, { recursive: true, force: true });
  await mkdir(content, { recursive: true, mode: 0o700 });
  try {
    const keep = await progress.step(`Prepare the tree ${recipe.name}`, (step) => recipe.fill(content, step));
    const tree = await progress.step(`Pack the tree ${recipe.name}`, (step) =>
      packTree(content, work, step, signal, keep),
    );
    await rm(content, { recursive: true, force: true });
    await writeFile(join(work, RECORD_NAME), `${JSON.stringify(tree, null, 2)}\n`, { mode: 0o644, flush: true });
    await markSeen(work, [tree]);
    await rm(dir, { recursive: true, force: true });
    await rename(work, dir);
    return treeAt(dir, tree);
  } catch (error) {
    if (signal.aborted && !(error instanceof ChpError && error.code === 'INTERRUPTED'))
      throw new ChpError('INTERRUPTED', `preparing the tree ${recipe.name} was stopped`, { cause: error });
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
