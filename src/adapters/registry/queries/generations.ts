import type { GenerationRecord } from '../../../core/ports/registry.ts';
import { notFound } from '../faults.ts';
import type { Db, Tx } from '../tables.ts';
import { tenant as tenantOf } from './tenants.ts';

/** A digest that is there already keeps its number; one that failed or was reverted gets another chance. */
export async function addGeneration(tx: Tx, tenant: string, digest: string, signed: string): Promise<GenerationRecord> {
  await tenantOf(tx, tenant);
  const known = await tx
    .updateTable('generations')
    .set(({ eb, ref }) => ({
      signed,
      outcome: eb.case().when('outcome', '=', 'committed').then(ref('outcome')).else('pending').end() as never,
      reason: null,
    }))
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .returningAll()
    .executeTakeFirst();
  if (known) return known;
  const last = await tx
    .selectFrom('generations')
    .select(({ fn }) => fn.max('number').as('number'))
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  const row: GenerationRecord = {
    tenant,
    digest,
    number: (last?.number ?? 0) + 1,
    signed,
    outcome: 'pending',
    reason: null,
    pinnedBy: null,
    createdAt: new Date().toISOString(),
  };
  await tx.insertInto('generations').values(row).execute();
  return row;
}

export const setGenerationOutcome = (
  tx: Tx,
  tenant: string,
  digest: string,
  outcome: GenerationRecord['outcome'],
  reason: string | null,
): Promise<void> => change(tx, tenant, digest, { outcome, reason });

export const pinGeneration = (tx: Tx, tenant: string, digest: string, pinnedBy: string | null): Promise<void> =>
  change(tx, tenant, digest, { pinnedBy });

async function change(
  tx: Tx,
  tenant: string,
  digest: string,
  set: Partial<Pick<GenerationRecord, 'outcome' | 'reason' | 'pinnedBy'>>,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('generations')
    .set(set)
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n)
    throw notFound(
      'generation',
      digest,
      (await generations(tx, tenant)).map((row) => row.digest),
    );
}

/** Sources of generations that are kept beside those of the pinned ones: they hold packs and skills whole. */
const SOURCES = 30;

export async function setGenerationSource(tx: Tx, tenant: string, digest: string, source: string): Promise<void> {
  await tx
    .insertInto('generationSources')
    .values({ tenant, digest, source })
    .onConflict((conflict) => conflict.columns(['tenant', 'digest']).doUpdateSet({ source }))
    .execute();
  const newest = await tx
    .selectFrom('generations')
    .select(['digest', 'pinnedBy'])
    .where('tenant', '=', tenant)
    .orderBy('number', 'desc')
    .execute();
  const old = newest
    .filter((row, at) => at >= SOURCES && row.pinnedBy === null && row.digest !== digest)
    .map((row) => row.digest);
  if (old.length > 0)
    await tx.deleteFrom('generationSources').where('tenant', '=', tenant).where('digest', 'in', old).execute();
}

export async function generationSource(db: Db, tenant: string, digest: string): Promise<string | null> {
  const row = await db
    .selectFrom('generationSources')
    .select('source')
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row?.source ?? null;
}

/** Oldest first. */
export function generations(db: Db, tenant: string): Promise<GenerationRecord[]> {
  return db.selectFrom('generations').selectAll().where('tenant', '=', tenant).orderBy('number').execute();
}

export async function generation(db: Db, tenant: string, digest: string): Promise<GenerationRecord | null> {
  const row = await db
    .selectFrom('generations')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row ?? null;
}
