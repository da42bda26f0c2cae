import { ChpError } from '../../../core/errors.ts';
import type { SecretRecord, SkillRecord } from '../../../core/ports/registry.ts';
import { notFound } from '../faults.ts';
import type { Db, Tx } from '../tables.ts';
import { tenant as tenantOf } from './tenants.ts';

const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';

/** @throws ChpError INTERNAL where it is not ciphertext: a plain secret must never become a row. */
export async function setSecret(tx: Tx, record: Omit<SecretRecord, 'updatedAt' | 'rotatedFrom'>): Promise<void> {
  if (!record.ciphertext.trimStart().startsWith(ARMOR))
    throw new ChpError('INTERNAL', `the secret ${record.name} was not encrypted before it was to be kept`);
  await tenantOf(tx, record.tenant);
  const { tenant, name, ciphertext, recipient } = record;
  const before = await tx
    .selectFrom('secrets')
    .select('updatedAt')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst();
  const rest = { ciphertext, recipient, updatedAt: new Date().toISOString(), rotatedFrom: before?.updatedAt ?? null };
  await tx
    .insertInto('secrets')
    .values({ tenant, name, ...rest })
    .onConflict((conflict) => conflict.columns(['tenant', 'name']).doUpdateSet(rest))
    .execute();
}

export function secrets(db: Db, tenant: string): Promise<SecretRecord[]> {
  return db.selectFrom('secrets').selectAll().where('tenant', '=', tenant).orderBy('name').execute();
}

export async function removeSecret(tx: Tx, tenant: string, name: string): Promise<void> {
  const { numDeletedRows } = await tx
    .deleteFrom('secrets')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n)
    throw notFound(
      'secret',
      name,
      (await secrets(tx, tenant)).map((row) => row.name),
    );
}

export async function setSkill(tx: Tx, record: Omit<SkillRecord, 'updatedAt'>): Promise<void> {
  await tenantOf(tx, record.tenant);
  const { tenant, name, source, digest, files } = record;
  const rest = { source, digest, files, updatedAt: new Date().toISOString() };
  await tx
    .insertInto('skills')
    .values({ tenant, name, ...rest })
    .onConflict((conflict) => conflict.columns(['tenant', 'name']).doUpdateSet(rest))
    .execute();
}

export function skills(db: Db, tenant: string): Promise<SkillRecord[]> {
  return db.selectFrom('skills').selectAll().where('tenant', '=', tenant).orderBy('name').execute();
}

export async function removeSkill(tx: Tx, tenant: string, name: string): Promise<void> {
  const { numDeletedRows } = await tx
    .deleteFrom('skills')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n)
    throw notFound(
      'skill',
      name,
      (await skills(tx, tenant)).map((row) => row.name),
    );
}
