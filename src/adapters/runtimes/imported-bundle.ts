import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Platform } from '../../core/generation.ts';
import type { RuntimeBundle } from '../../core/ports/runtime.ts';
import { readCached, readRecord } from './bundle-cache.ts';

/** What a bundle is of. `platform` undefined = any. */
export interface WantedBundle {
  name: string;
  version: string;
  platform?: Platform;
}

/**
 * A bundle of the cache by what it holds, whoever built it: one that came in as a file is of a version that this chp does
 * not build. The newest, where there are several. null = there is none, or it is damaged.
 */
export async function importedBundle(home: { cache: string }, wanted: WantedBundle): Promise<RuntimeBundle | null> {
  const root = join(home.cache, 'bundles');
  const found: { dir: string; time: number }[] = [];
  for (const name of await readdir(root).catch(() => [])) {
    const dir = join(root, name);
    if (/^[0-9a-f]{64}$/.test(name) && (await isOf(dir, wanted))) found.push({ dir, time: (await stat(dir)).mtimeMs });
  }
  const [newest] = found.sort((a, b) => b.time - a.time);
  return newest ? readCached(newest.dir) : null;
}

async function isOf(dir: string, { name, version, platform }: WantedBundle): Promise<boolean> {
  const record = await readRecord(dir).catch(() => null);
  if (record?.runtime.name !== name || record.runtime.version !== version) return false;
  return platform === undefined || record.platform === platform;
}
