import type { JobKind, JobRecord } from '../core/ports/registry.ts';
import type { Context } from './context.ts';

/** A running change to one tenant: every step is journalled before it begins and after it ended. */
export interface TenantJob {
  readonly id: string;
  /** Earlier runs that were cut (kill -9, power); what they began is finished or undone by this one. */
  readonly interrupted: readonly JobRecord[];
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/**
 * Runs `work` as the only change to `tenant`: takes its lock, journals the job and writes one audit entry, whether it
 * succeeds or fails.
 *
 * @throws ChpError LOCKED with holder and age; whatever `work` throws.
 */
export async function withTenantJob<T>(
  context: Context,
  tenant: string,
  kind: JobKind,
  details: Record<string, unknown>,
  work: (job: TenantJob) => Promise<T>,
): Promise<T> {
  const registry = await context.registry();
  await using _lock = await registry.lock(tenant, kind, {
    waitMs: context.lockWaitMs,
    onWait: (holder) =>
      context.progress.note(`waiting for ${holder.actor} (pid ${holder.pid} on ${holder.host}, ${holder.what})`),
  });
  const interrupted = await registry.interruptedJobs(tenant);
  for (const job of interrupted) context.progress.warn(`an earlier ${job.kind} was cut; going on from there`);
  const { id } = await registry.startJob(tenant, kind, context.actor);
  const step: TenantJob['step'] = async (name, inner) => {
    context.failpoint(`${name}:before`);
    await registry.beginStep(id, name);
    const result = await inner();
    await registry.endStep(id, name);
    context.failpoint(`${name}:after`);
    return result;
  };
  const record = (outcome: string, more: Record<string, unknown> = {}) =>
    registry.appendAudit({
      actor: context.actor,
      action: `tenant.${kind}`,
      tenant,
      details: { ...details, job: id, outcome, ...more },
    });
  try {
    const result = await work({ id, interrupted, step });
    await registry.endJob(id, 'done');
    await record('done');
    return result;
  } catch (error) {
    const message = context.redact(error instanceof Error ? error.message : String(error));
    await registry.endJob(id, 'failed', message);
    await record('failed', { error: message });
    throw error;
  }
}
