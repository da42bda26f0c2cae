import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { HostGeneration, HostGenerations } from '../../core/host-generations.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { failures } from './evidence.ts';
import { Ledger } from './ledger.ts';
import { lastProvenOf, provenLines } from './proven.ts';
import { hasStateSnapshot } from './snapshot.ts';
import { currentGeneration, storedGeneration } from './status.ts';
import { Store } from './store.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** A tenant's generations as they lie here, with those of which only the failure is left. Newest first. */
export function hostGenerations(root: string, tenant: string): HostGenerations {
  const { generations, snapshots } = tenantLayout(root, tenant);
  const ledger = new Ledger(root, tenant);
  const store = new Store(root);
  const lines = provenLines(root, tenant);
  const pinned = ledger.pinned();
  const failed = failures(root, tenant);
  const current = currentGeneration(root, tenant);
  const lastProven = lastProvenOf(root, tenant, lines);
  const stored = existsSync(generations) ? readdirSync(generations).filter((name) => DIGEST.test(name)) : [];
  const at = (path: string): string => statSync(path).mtime.toISOString();

  const found = [...new Set([...stored, ...failed.keys()])].map((digest): HostGeneration => {
    const manifest = storedGeneration(root, tenant, digest)?.manifest;
    const lacks = manifest && store.lacks(manifest);
    const proven = lines.findLast(({ generation }) => generation === digest);
    const provenAt = proven?.at || null;
    const snapshot = proven?.snapshot && hasStateSnapshot(root, tenant, proven.snapshot) ? proven.snapshot : null;
    const failure = failed.get(digest) ?? null;
    return {
      digest,
      runtime: manifest ? `${manifest.runtime.name}@${manifest.runtime.version}` : null,
      stagedAt: stored.includes(digest) ? at(join(generations, digest)) : null,
      complete: lacks !== undefined && lacks.objects.length + lacks.trees.length === 0,
      current: digest === current,
      lastProven: digest === lastProven,
      pinned: pinned.includes(digest),
      provenAt,
      stateFrom: snapshot && at(join(snapshots, snapshot)),
      // Of one that was proven since, it is history.
      failure: failure && provenAt !== null && failure.at < provenAt ? null : failure,
    };
  });
  const time = ({ stagedAt, failure }: HostGeneration): string => stagedAt ?? failure?.at ?? '';
  found.sort((a, b) => (time(a) < time(b) ? 1 : -1));
  return { tenant, keep: ledger.keep(), current, lastProven, generations: found };
}

/** @throws NOT_FOUND where one that is not here is to be pinned */
export function pinGeneration(root: string, tenant: string, digest: Digest, pinned: boolean): void {
  const ledger = new Ledger(root, tenant);
  if (!pinned) {
    ledger.unpin(digest);
    return;
  }
  if (!existsSync(join(tenantLayout(root, tenant).generations, digest)))
    throw new ChpError('NOT_FOUND', `generation ${digest.slice(0, 12)} is not on this host`, {
      next: [`chp generation list ${tenant}`],
    });
  ledger.pin(digest);
}
