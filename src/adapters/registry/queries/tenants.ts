import { ChpError } from '../../../core/errors.ts';
import { assertTenantName } from '../../../core/names.ts';
import type { MemberRecord, Registry, TenantRecord } from '../../../core/ports/registry.ts';
import { tenantExists, tenantNotFound } from '../faults.ts';
import type { Db, Tx } from '../tables.ts';

type NewTenant = Parameters<Registry['createTenant']>[0];
type NewMembers = Omit<MemberRecord, 'tenant'>[];
type Change = Parameters<Registry['updateTenant']>[1];

const now = (): string => new Date().toISOString();

export async function createTenant(tx: Tx, record: NewTenant, members: NewMembers): Promise<TenantRecord> {
  assertTenantName(record.name);
  const at = now();
  const row: TenantRecord = {
    name: record.name,
    phase: 'creating',
    topology: record.topology,
    host: record.host,
    document: typeof record.document === 'string' ? record.document : record.document(await tenants(tx)),
    revision: 1,
    recipient: null,
    signingPublicKey: null,
    generation: null,
    createdAt: at,
    updatedAt: at,
  };
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('tenants')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows !== 1n) throw tenantExists(record.name);
  await replaceMembers(tx, record.name, members);
  return row;
}

export async function tenant(db: Db, name: string): Promise<TenantRecord> {
  const row = await db.selectFrom('tenants').selectAll().where('name', '=', name).executeTakeFirst();
  if (row) return row;
  const names = await db.selectFrom('tenants').select('name').execute();
  throw tenantNotFound(
    name,
    names.map((other) => other.name),
  );
}

export function tenants(db: Db): Promise<TenantRecord[]> {
  return db.selectFrom('tenants').selectAll().orderBy('name').execute();
}

export async function saveDocument(
  tx: Tx,
  name: string,
  document: string,
  revision: number,
  members: NewMembers,
): Promise<TenantRecord> {
  const saved = await tx
    .updateTable('tenants')
    .set({ document, revision: revision + 1, updatedAt: now() })
    .where('name', '=', name)
    .where('revision', '=', revision)
    .returningAll()
    .executeTakeFirst();
  if (saved) {
    await replaceMembers(tx, name, members);
    return saved;
  }
  const { revision: stored } = await tenant(tx, name);
  throw new ChpError('CONFLICT', `tenant "${name}" was changed by somebody else meanwhile`, {
    why: `You changed revision ${revision}; the registry has revision ${stored}.`,
    next: [`See what is there now: chp tenant show ${name}`, 'Make the change again on top of it.'],
    details: { tenant: name, expected: revision, stored },
  });
}

export async function updateTenant(tx: Tx, name: string, change: Change): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('tenants')
    .set({ ...change, updatedAt: now() })
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) await tenant(tx, name);
}

/** Members, generations, secrets and skills go with it: their tables refer to it. */
export async function removeTenant(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom('tenants').where('name', '=', name).execute();
}

export async function members(db: Db, name: string): Promise<MemberRecord[]> {
  return db
    .selectFrom('members')
    .select(['tenant', 'id', 'name', 'role'])
    .where('tenant', '=', name)
    .orderBy('position')
    .execute();
}

async function replaceMembers(tx: Tx, name: string, members: NewMembers): Promise<void> {
  await tx.deleteFrom('members').where('tenant', '=', name).execute();
  if (members.length === 0) return;
  await tx
    .insertInto('members')
    .values(members.map(({ id, name: called, role }, position) => ({ tenant: name, id, name: called, role, position })))
    .execute();
}
