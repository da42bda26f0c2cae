import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { treesOf } from '../../core/generation.ts';
import { hostLayout, tenantLayout } from '../../core/host-layout.ts';
import type { Host } from './host.ts';
import { lockStore } from './locks.ts';
import { storedGeneration } from './status.ts';
import { Store } from './store.ts';

/** Generations of a tenant that are kept on its host, the one that runs included. */
const KEPT = 3;
const DIGEST = /^[0-9a-f]{64}$/;

/** Removes old generations with their snapshots: never those named, and not the newest. Failed ones count as any. */
export async function pruneGenerations(root: string, tenant: string, needed: readonly Digest[]): Promise<void> {
  const { generations, snapshots } = tenantLayout(root, tenant);
  const found = await Promise.all(
    (await readdir(generations)).map(async (name) => ({ name, time: (await stat(join(generations, name))).mtimeMs })),
  );
  const others = found.filter(({ name }) => !needed.includes(name)).sort((a, b) => b.time - a.time);
  for (const { name } of others.slice(Math.max(0, KEPT - needed.length))) {
    await rm(join(generations, name), { recursive: true, force: true });
    await rm(join(snapshots, name), { recursive: true, force: true });
  }
}

/** Removes objects and trees that no generation of any tenant on this host refers to. */
export async function pruneStore(host: Host): Promise<void> {
  // Another tenant's push may be filling the store right now.
  await using _lock = await lockStore(host.root, 'prune');
  const objects = new Set<Digest>();
  const trees = new Set([host.nodeTree]);
  for (const tenant of await readdir(hostLayout(host.root).tenants))
    for (const name of await readdir(tenantLayout(host.root, tenant).generations).catch(() => [])) {
      if (!DIGEST.test(name)) continue;
      const manifest = storedGeneration(host.root, tenant, name)?.manifest;
      // What a damaged one refers to is not known: so nothing is removed.
      if (!manifest) return;
      for (const tree of treesOf(manifest)) trees.add(tree);
      for (const file of manifest.files) objects.add(file.sha256);
    }
  await new Store(host.root).prune({ objects, trees });
}
