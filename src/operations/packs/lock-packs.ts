import semver from 'semver';
import { ChpError } from '../../core/errors.ts';
import type { PackRecord } from '../../core/ports/registry.ts';
import type { PackEntry } from '../../core/tenant/automation-schema.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import type { Context } from '../context.ts';
import { fetchPack } from './fetch-pack.ts';
import { assertInputs, assertNoCycle, assertProvided } from './fitness.ts';

/** What changed of a tenant's locked packs; null = not there. */
export interface PackChange {
  id: string;
  from: string | null;
  to: string | null;
}

export interface LockOptions {
  /** Resolve these anew (`'all'`: every one), also when what is locked still fits. */
  refresh: 'all' | readonly string[];
  allowYanked?: boolean;
}

/**
 * The packs that a document means: what is locked as long as it fits, all else read through the gate. Writes nothing.
 *
 * @throws NOT_FOUND, UNTRUSTED, INTEGRITY; BAD_INPUT naming all that is missing with the commands that supply it
 */
export async function resolvePacks(context: Context, tenant: Tenant, options: LockOptions): Promise<PackRecord[]> {
  const registry = await context.registry();
  const locked = new Map((await registry.packs(tenant.name)).map((pack) => [pack.id, pack]));
  const packs: PackRecord[] = [];
  for (const entry of tenant.packs) {
    const old = locked.get(entry.id);
    const renew = options.refresh === 'all' || options.refresh.includes(entry.id);
    packs.push(old && !renew && stillFits(old, entry) ? old : await fetchPack(context, tenant.name, entry, options));
  }
  await assertProvided(context, tenant, packs);
  assertInputs(tenant, packs);
  assertNoCycle(packs);
  return packs;
}

/** Brings the locked packs in line with the document. @throws as `resolvePacks`; then nothing was changed */
export async function lockPacks(context: Context, tenant: Tenant, options: LockOptions): Promise<PackChange[]> {
  const registry = await context.registry();
  const wanted = await resolvePacks(context, tenant, options);
  const locked = new Map((await registry.packs(tenant.name)).map((pack) => [pack.id, pack]));
  const changes: PackChange[] = [];
  for (const { updatedAt: _, ...pack } of wanted) {
    const old = locked.get(pack.id);
    locked.delete(pack.id);
    if (old?.integrity === pack.integrity && old.catalogue === pack.catalogue) continue;
    await registry.setPack(pack);
    changes.push({ id: pack.id, from: old?.version ?? null, to: pack.version });
  }
  for (const [id, { version }] of locked) {
    await registry.removePack(tenant.name, id);
    changes.push({ id, from: version, to: null });
  }
  return changes;
}

function stillFits({ version, catalogue }: PackRecord, entry: PackEntry): boolean {
  if (catalogue !== entry.catalogue) return false;
  // A channel is followed when that is asked for, not whenever something else changes.
  return entry.version === undefined || semver.satisfies(version, entry.version, { includePrerelease: true });
}

/** @throws NOT_FOUND */
export function packEntry({ name, packs }: Pick<Tenant, 'name' | 'packs'>, id: string): PackEntry {
  const entry = packs.find((pack) => pack.id === id);
  if (entry) return entry;
  throw new ChpError('NOT_FOUND', `${name} has no pack "${id}"`, { next: [`chp pack list ${name}`] });
}
