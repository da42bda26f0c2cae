import { randomUUID } from 'node:crypto';
import { ChpError } from '../../../core/errors.ts';
import type {
  PlannedTenant,
  RolloutJournal,
  RolloutRecord,
  RolloutTenantRecord,
  TenantEnd,
} from '../../../core/ports/rollouts.ts';
import type { RolloutSpec } from '../../../core/rollout/spec.ts';
import { notFound } from '../faults.ts';
import type { Db, Tables, Tx } from '../tables.ts';

type Row = Tables['rollouts'];

/** Rows of one statement: far below what SQLite and Postgres take of parameters. */
const INSERTED_AT_ONCE = 500;

const now = (): string => new Date().toISOString();
const recordOf = ({ spec, ...row }: Row): RolloutRecord => ({ ...row, spec: JSON.parse(spec) as RolloutSpec });

export async function createRollout(
  tx: Tx,
  spec: RolloutSpec,
  actor: string,
  tenants: readonly PlannedTenant[],
): Promise<RolloutRecord> {
  const row: Row = {
    id: randomUUID(),
    spec: JSON.stringify(spec),
    state: 'running',
    wanted: null,
    reason: null,
    epoch: 0,
    forgiven: 0,
    actor,
    startedAt: now(),
    endedAt: null,
  };
  await tx.insertInto('rollouts').values(row).execute();
  const rows: RolloutTenantRecord[] = tenants.map((tenant, position) => ({
    ...tenant,
    rollout: row.id,
    position,
    attempt: 0,
    startedAt: null,
    endedAt: null,
    checkedAt: null,
  }));
  for (let at = 0; at < rows.length; at += INSERTED_AT_ONCE)
    await tx
      .insertInto('rolloutTenants')
      .values(rows.slice(at, at + INSERTED_AT_ONCE))
      .execute();
  return recordOf(row);
}

export async function rollout(db: Db, id: string): Promise<RolloutRecord> {
  const rows = /^[0-9a-f-]{1,36}$/.test(id)
    ? await db.selectFrom('rollouts').selectAll().where('id', 'like', `${id}%`).limit(2).execute()
    : [];
  const [row, other] = rows;
  if (row && !other) return recordOf(row);
  if (row) throw new ChpError('BAD_INPUT', `several jobs begin with "${id}"`, { next: ['See them: chp job list'] });
  throw notFound('job', id, []);
}

export async function rollouts(db: Db): Promise<RolloutRecord[]> {
  const rows = await db.selectFrom('rollouts').selectAll().orderBy('startedAt').orderBy('id').execute();
  return rows.map(recordOf);
}

export function rolloutTenants(db: Db, id: string): Promise<RolloutTenantRecord[]> {
  return db.selectFrom('rolloutTenants').selectAll().where('rollout', '=', id).orderBy('position').execute();
}

export async function askRollout(tx: Tx, id: string, wanted: RolloutRecord['wanted']): Promise<void> {
  await tx.updateTable('rollouts').set({ wanted }).where('id', '=', id).execute();
}

export async function takeRollout(tx: Tx, id: string, { retry }: { retry: boolean }): Promise<RolloutRecord> {
  const again = retry ? (['running', 'deferred', 'failed'] as const) : (['running', 'deferred'] as const);
  await tx
    .updateTable('rolloutTenants')
    .set({ state: 'waiting', opensAt: null, endedAt: null, checkedAt: null })
    .where('rollout', '=', id)
    .where('state', 'in', again)
    .execute();
  const failed = await tx
    .selectFrom('rolloutTenants')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('rollout', '=', id)
    .where('state', '=', 'failed')
    .executeTakeFirstOrThrow();
  const { state } = await tx.selectFrom('rollouts').select('state').where('id', '=', id).executeTakeFirstOrThrow();
  const row = await tx
    .updateTable('rollouts')
    .set(({ eb }) => ({
      epoch: eb('epoch', '+', 1),
      state: 'running',
      wanted: null,
      reason: null,
      endedAt: null,
      // A run that was merely cut has nobody who has seen its failures.
      ...(state === 'running' ? {} : { forgiven: Number(failed.count) }),
    }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return recordOf(row);
}

export async function beginRolloutTenant(tx: Tx, id: string, epoch: number, tenant: string): Promise<number | null> {
  const begun = await tx
    .updateTable('rolloutTenants')
    .set(({ eb }) => ({
      state: 'running',
      attempt: eb('attempt', '+', 1),
      startedAt: now(),
      endedAt: null,
      reason: null,
    }))
    .where('rollout', '=', id)
    .where('tenant', '=', tenant)
    .where('state', 'not in', ['done', 'skipped'])
    .where(({ exists, selectFrom }) =>
      exists(selectFrom('rollouts').select('id').where('id', '=', id).where('epoch', '=', epoch)),
    )
    .returning('attempt')
    .executeTakeFirst();
  if (begun) return begun.attempt;
  await assertEpoch(tx, id, epoch);
  return null;
}

export async function endRolloutTenant(
  tx: Tx,
  id: string,
  tenant: string,
  attempt: number,
  end: TenantEnd,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('rolloutTenants')
    .set({ ...end, endedAt: end.state === 'waiting' ? null : now() })
    .where('rollout', '=', id)
    .where('tenant', '=', tenant)
    .where('attempt', '=', attempt)
    .where('state', '=', 'running')
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw takenOver(id);
}

export async function checkedRolloutTenant(
  tx: Tx,
  id: string,
  epoch: number,
  tenant: string,
  failure: string | null,
): Promise<void> {
  await assertEpoch(tx, id, epoch);
  await tx
    .updateTable('rolloutTenants')
    .set({ checkedAt: now(), ...(failure === null ? {} : { state: 'failed' as const, reason: failure }) })
    .where('rollout', '=', id)
    .where('tenant', '=', tenant)
    .where('state', '=', 'done')
    .execute();
}

export async function endRollout(
  tx: Tx,
  id: string,
  epoch: number,
  ...[state, reason]: [Parameters<RolloutJournal['endRollout']>[2], string | null]
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('rollouts')
    .set({ state, reason, wanted: null, endedAt: now() })
    .where('id', '=', id)
    .where('epoch', '=', epoch)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw takenOver(id);
}

async function assertEpoch(tx: Tx, id: string, epoch: number): Promise<void> {
  const row = await tx.selectFrom('rollouts').select('epoch').where('id', '=', id).executeTakeFirst();
  if (row?.epoch !== epoch) throw takenOver(id);
}

const takenOver = (id: string): ChpError =>
  new ChpError('CONFLICT', `job ${id} goes on in another chp`, {
    why: 'It took the job over; this one does nothing more.',
    next: [`chp job watch ${id.slice(0, 8)}`],
  });
