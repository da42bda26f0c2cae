import type { PackRecord } from '../../../core/ports/registry.ts';
import { notFound } from '../faults.ts';
import type { Db, Tx } from '../tables.ts';
import { tenant as tenantOf } from './tenants.ts';

export async function setPack(tx: Tx, record: Omit<PackRecord, 'updatedAt'>): Promise<void> {
  await tenantOf(tx, record.tenant);
  const row = { ...record, updatedAt: new Date().toISOString() };
  await tx
    .insertInto('packs')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant', 'id']).doUpdateSet(row))
    .execute();
}

export function packs(db: Db, tenant: string): Promise<PackRecord[]> {
  return db.selectFrom('packs').selectAll().where('tenant', '=', tenant).orderBy('id').execute();
}

export async function removePack(tx: Tx, tenant: string, id: string): Promise<void> {
  const { numDeletedRows } = await tx
    .deleteFrom('packs')
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n)
    throw notFound(
      'pack',
      id,
      (await packs(tx, tenant)).map((row) => row.id),
    );
}
