import { ChpError } from '../../core/errors.ts';
import type { JobRecord, Registry } from '../../core/ports/registry.ts';
import { type RolloutResult, resultOf, rolloutResult } from '../rollout/result.ts';

/** A job of one tenant, or one of many. */
export type AnyJob = JobRecord | RolloutResult;

/** By its id, or the beginning of it. @throws NOT_FOUND, BAD_INPUT when several begin so */
export async function findJob(registry: Registry, id: string): Promise<AnyJob> {
  const [one, more] = (await registry.jobs()).filter((job) => id !== '' && job.id.startsWith(id));
  const rollout = await registry.rollout(id).catch((error: unknown) => {
    if (error instanceof ChpError && error.code === 'NOT_FOUND') return null;
    throw error;
  });
  if (more || (one && rollout))
    throw new ChpError('BAD_INPUT', `several jobs begin with "${id}"`, { next: ['See them: chp job list'] });
  if (rollout) return rolloutResult(registry, rollout.id);
  if (one) return withHolder(registry, one);
  throw new ChpError('NOT_FOUND', `there is no job "${id}"`, { next: ['See them: chp job list'] });
}

export interface JobFilter {
  tenant?: string | undefined;
  state?: string | undefined;
  /** The newest so many. */
  limit: number;
}

/** A job without what became of each tenant. */
export type ListedJob = JobRecord | Omit<RolloutResult, 'tenants'>;

/** Oldest first. */
export async function listJobs(registry: Registry, { tenant, state, limit }: JobFilter): Promise<ListedJob[]> {
  const rollouts = await Promise.all(
    (await registry.rollouts()).slice(-limit).map(async (record) => {
      const rows = await registry.rolloutTenants(record.id);
      const { tenants: _, ...listed } = resultOf(record, rows);
      return tenant === undefined || rows.some((row) => row.tenant === tenant) ? [listed] : [];
    }),
  );
  const jobs: ListedJob[] = [...(await registry.jobs(tenant)), ...rollouts.flat()]
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
    .slice(-limit);
  const told = await Promise.all(jobs.map((job) => (job.kind === 'rollout' ? job : withHolder(registry, job))));
  return told.filter((job) => state === undefined || job.state === state);
}

/** A job that is `running` although nobody holds its tenant's lock was cut. */
async function withHolder(registry: Registry, job: JobRecord): Promise<JobRecord> {
  if (job.state !== 'running' || (await isHeld(registry.lock(job.tenant, 'look', { waitMs: 0 })))) return job;
  return { ...job, state: 'interrupted' };
}

/** Whether somebody else has the lock that is tried for. */
export async function isHeld(lock: ReturnType<Registry['lock']>): Promise<boolean> {
  try {
    await (await lock).release();
    return false;
  } catch (error) {
    if (error instanceof ChpError && error.code === 'LOCKED') return true;
    throw error;
  }
}
