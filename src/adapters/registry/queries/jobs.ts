import { randomUUID } from 'node:crypto';
import { ChpError } from '../../../core/errors.ts';
import type { JobKind, JobRecord } from '../../../core/ports/registry.ts';
import type { Db, Tx } from '../tables.ts';

const now = (): string => new Date().toISOString();

export async function startJob(
  tx: Tx,
  tenant: string,
  kind: JobKind,
  actor: string,
  id: string = randomUUID(),
): Promise<JobRecord> {
  const row = {
    id,
    tenant,
    kind,
    state: 'running' as const,
    actor,
    startedAt: now(),
    endedAt: null,
    error: null,
  };
  const known = await tx.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
  if (!known) {
    await tx.insertInto('jobs').values(row).execute();
    return { ...row, steps: [] };
  }
  if (known.tenant !== tenant || known.kind !== kind)
    throw new ChpError('CONFLICT', `the job ${id} is another one: ${known.kind} of ${known.tenant}`, {
      next: ['Give it another id.'],
    });
  await tx.updateTable('jobs').set(row).where('id', '=', id).execute();
  return { ...row, steps: [] };
}

export async function beginStep(tx: Tx, job: string, step: string): Promise<void> {
  const last = await tx
    .selectFrom('jobSteps')
    .select(({ fn }) => fn.max('position').as('position'))
    .where('job', '=', job)
    .executeTakeFirst();
  const position = (last?.position ?? 0) + 1;
  await tx.insertInto('jobSteps').values({ job, position, step, began: now(), ended: null }).execute();
}

export async function endStep(tx: Tx, job: string, step: string, at = now()): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('jobSteps')
    .set({ ended: at })
    .where('job', '=', job)
    .where('step', '=', step)
    .where('ended', 'is', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw unknownJob(`no step "${step}" of job ${job} has begun`);
}

export async function endJob(tx: Tx, job: string, state: 'done' | 'failed', error: string | null): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('jobs')
    .set({ state, error, endedAt: now() })
    .where('id', '=', job)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw unknownJob(`there is no job ${job}`);
}

/** Of one tenant, whose lock the caller holds: so whoever ran them is dead. */
export async function interruptedJobs(tx: Tx, tenant: string): Promise<JobRecord[]> {
  const rows = await tx
    .updateTable('jobs')
    .set({ state: 'interrupted', endedAt: now(), error: 'its process ended before it did' })
    .where('tenant', '=', tenant)
    .where('state', '=', 'running')
    .returningAll()
    .execute();
  return withSteps(
    tx,
    rows.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1)),
  );
}

/** Oldest first. */
export async function jobs(db: Db, tenant?: string): Promise<JobRecord[]> {
  let query = db.selectFrom('jobs').selectAll().orderBy('startedAt').orderBy('id');
  if (tenant !== undefined) query = query.where('tenant', '=', tenant);
  return withSteps(db, await query.execute());
}

async function withSteps(db: Db, rows: Omit<JobRecord, 'steps'>[]): Promise<JobRecord[]> {
  if (rows.length === 0) return [];
  const all = await db
    .selectFrom('jobSteps')
    .innerJoin('jobs', 'jobs.id', 'jobSteps.job')
    .select(['jobSteps.job', 'jobSteps.step', 'jobSteps.began', 'jobSteps.ended'])
    .where('jobs.tenant', 'in', [...new Set(rows.map((row) => row.tenant))])
    .orderBy('jobSteps.position')
    .execute();
  const byJob = Map.groupBy(all, (row) => row.job);
  return rows.map((row) => ({
    ...row,
    steps: (byJob.get(row.id) ?? []).map(({ step, began, ended }) => ({ step, began, ended })),
  }));
}

const unknownJob = (message: string): ChpError => new ChpError('INTERNAL', message);
