import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { treesOf } from '../../core/generation.ts';
import type { PruneResult } from '../../core/host-generations.ts';
import { hostLayout, tenantLayout } from '../../core/host-layout.ts';
import { snapshotFor } from './history.ts';
import type { Host } from './host.ts';
import { Ledger } from './ledger.ts';
import { lockStore } from './locks.ts';
import { lastProvenOf, provenLines } from './proven.ts';
import { currentGeneration, storedGeneration } from './status.ts';
import { Store } from './store.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** What retention decides by. `staged`: milliseconds. */
export interface Retained {
  stored: readonly { digest: Digest; staged: number }[];
  /** Never removed: what runs, what it would go back to, what is pinned. */
  needed: ReadonlySet<Digest>;
  pinned: readonly Digest[];
  proven: ReadonlySet<Digest>;
  keep: number;
}

/**
 * Generations that may go: those that never were proven, and the oldest ones over the limit. Pinned ones do not count
 * towards it. Pure.
 */
export function superfluous({ stored, needed, pinned, proven, keep }: Retained): Digest[] {
  const others = stored.filter(({ digest }) => !needed.has(digest)).sort((a, b) => b.staged - a.staged);
  const counted = stored.filter(({ digest }) => needed.has(digest) && !pinned.includes(digest)).length;
  const staying = others.filter(({ digest }) => proven.has(digest)).slice(0, Math.max(0, keep - counted));
  return others.filter((one) => !staying.includes(one)).map(({ digest }) => digest);
}

/** Removes a tenant's superfluous generations and the snapshots that nothing kept would go back to. With its lock held. */
export async function pruneGenerations(
  root: string,
  tenant: string,
  { keep = new Ledger(root, tenant).keep(), dryRun = false }: { keep?: number; dryRun?: boolean } = {},
): Promise<PruneResult> {
  const { generations, snapshots } = tenantLayout(root, tenant);
  const names = await readdir(generations).catch(() => []);
  const stored = await Promise.all(
    names
      .filter((name) => DIGEST.test(name))
      .map(async (digest) => ({ digest, staged: (await stat(join(generations, digest))).mtimeMs })),
  );
  const lines = provenLines(root, tenant);
  const pinned = new Ledger(root, tenant).pinned();
  const current = currentGeneration(root, tenant);
  const needed = new Set([current, lastProvenOf(root, tenant, lines), ...pinned].filter((one) => one !== null));
  const proven = new Set(lines.map(({ generation }) => generation));
  const removed = superfluous({ stored, needed, pinned, proven, keep });
  const kept = stored.map(({ digest }) => digest).filter((digest) => !removed.includes(digest));
  if (dryRun) return { removed, kept };
  const folder = (name: string) => rm(join(generations, name), { recursive: true, force: true });
  // Half-written ones, too: whoever wrote them is gone.
  for (const name of names) if (!kept.includes(name)) await folder(name);
  const wanted = new Set([...kept, ...kept.map((digest) => snapshotFor(lines, digest)?.name)]);
  for (const name of await readdir(snapshots).catch(() => []))
    if (!wanted.has(name)) await rm(join(snapshots, name), { recursive: true, force: true });
  return { removed, kept };
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
