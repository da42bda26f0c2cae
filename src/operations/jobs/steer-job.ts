import { ChpError } from '../../core/errors.ts';
import type { JobRecord } from '../../core/ports/registry.ts';
import { applyTenant } from '../apply-tenant.ts';
import type { Context } from '../context.ts';
import type { Converged } from '../converge-tenant.ts';
import { type RolloutResult, rolloutResult } from '../rollout/result.ts';
import { runRollout } from '../rollout/run.ts';
import { findJob, isHeld } from './find-job.ts';

/**
 * Goes on with a job: what a rollout left waiting or for later, or a change to one tenant that was cut.
 * @throws NOT_FOUND; CONFLICT when it can't go on; as the operation
 */
export async function resumeJob(
  context: Context,
  id: string,
  options: { retry: boolean },
): Promise<RolloutResult | Converged> {
  const job = await findJob(await context.registry(), id);
  if (job.kind !== 'rollout') return resumeTenantJob(context, job);
  if (job.state === 'cancelled')
    throw new ChpError('CONFLICT', `job ${job.id} was cancelled`, { next: ['Begin another one.'] });
  return job.state === 'done' ? job : runRollout(context, job.id, options);
}

async function resumeTenantJob(context: Context, { id, kind, tenant, state }: JobRecord): Promise<Converged> {
  if (state === 'done') throw new ChpError('CONFLICT', `job ${id} is done`, { next: [`chp job show ${id}`] });
  if (kind !== 'apply' && kind !== 'create')
    throw new ChpError('CONFLICT', `a job of the kind "${kind}" goes on when its command is run again`, {
      next: ['Run the same command again: it goes on from there.', `chp tenant apply ${tenant}`],
    });
  return applyTenant(context, tenant);
}

/**
 * Asks whoever runs a rollout to begin no more: what is being done is done to its end. Where nobody runs it, it is
 * recorded at once.
 * @throws NOT_FOUND; CONFLICT for a change to one tenant, and for what has ended
 */
export async function askJob(context: Context, id: string, wanted: 'pause' | 'cancel'): Promise<RolloutResult> {
  const registry = await context.registry();
  const job = await findJob(registry, id);
  if (job.kind !== 'rollout')
    throw new ChpError('CONFLICT', 'a change to one tenant can’t be stopped from elsewhere', {
      why: 'It takes seconds, and goes back by itself when it fails.',
      next: ['Press Ctrl-C where it runs.'],
    });
  if (job.state === 'done' || job.state === 'cancelled' || (wanted === 'pause' && job.state !== 'running'))
    throw new ChpError('CONFLICT', `job ${job.id} is ${job.state}`, { next: [`chp job show ${job.id.slice(0, 8)}`] });
  await registry.askRollout(job.id, wanted);
  const details = { job: job.id };
  await registry.appendAudit({ actor: context.actor, action: `rollout.${wanted}`, tenant: null, details });
  const runs = job.state === 'running' && (await reaches(context, job, wanted));
  if (!runs) await endIdle(context, job.id, wanted);
  return rolloutResult(registry, job.id);
}

/** Whether somebody runs it, and so will see what was asked for. */
async function reaches(
  context: Context,
  { id, executor }: RolloutResult,
  wanted: 'pause' | 'cancel',
): Promise<boolean> {
  if (executor === 'temporal') {
    const { signalRollout } = await import('../rollout/temporal/client.ts');
    return signalRollout(context, id, wanted);
  }
  return isHeld((await context.registry()).lockRollout(id, 'look', { waitMs: 0 }));
}

async function endIdle(context: Context, id: string, wanted: 'pause' | 'cancel'): Promise<void> {
  const registry = await context.registry();
  await using _lock = await registry.lockRollout(id, wanted, { waitMs: context.lockWaitMs });
  const { epoch } = await registry.takeRollout(id, { retry: false });
  const [state, verb] = wanted === 'pause' ? (['paused', 'paused'] as const) : (['cancelled', 'cancelled'] as const);
  await registry.endRollout(id, epoch, state, `an operator ${verb} it`);
}
