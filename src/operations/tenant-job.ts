import { ChpError } from '../core/errors.ts';
import type { JobKind, JobRecord, RegistryChanges } from '../core/ports/registry.ts';
import type { Context } from './context.ts';

/** A running change to one tenant: every step is journalled before it begins, and its end before the next one. */
export interface TenantJob {
  readonly id: string;
  /** Earlier runs that were cut (kill -9, power); what they began is finished or undone by this one. */
  readonly interrupted: readonly JobRecord[];
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/**
 * Runs `work` as the only change to `tenant`: takes its lock, journals the job and writes one audit entry, whether it
 * succeeds or fails. What `work` adds to `details` is in it. `id`: a name for the job from outside, so that it can be
 * found again.
 *
 * @throws ChpError LOCKED with holder and age; whatever `work` throws.
 */
export async function withTenantJob<T>(
  context: Context,
  tenant: string,
  kind: JobKind,
  details: Record<string, unknown>,
  work: (job: TenantJob) => Promise<T>,
  options: { id?: string } = {},
): Promise<T> {
  const registry = await context.registry();
  await using _lock = await registry.lock(tenant, kind, {
    waitMs: context.lockWaitMs,
    onWait: (holder) =>
      context.progress.note(`waiting for ${holder.actor} (pid ${holder.pid} on ${holder.host}, ${holder.what})`),
  });
  const { id, interrupted } = await registry.together(async (changes) => ({
    interrupted: await changes.interruptedJobs(tenant),
    id: (await changes.startJob(tenant, kind, context.actor, options.id)).id,
  }));
  for (const job of interrupted) context.progress.warn(`an earlier ${job.kind} was cut; going on from there`);
  // Written along with what comes next: until then it counts as cut, which is safe, as every step may be run again.
  let ended: { step: string; at: string } | null = null;
  const endStep = async (changes: RegistryChanges): Promise<void> => {
    if (ended) await changes.endStep(id, ended.step, ended.at);
  };
  const step: TenantJob['step'] = async (name, inner) => {
    if (context.signal.aborted)
      throw new ChpError('INTERRUPTED', `stopped before the step "${name}"`, {
        next: ['Run the same command again: it goes on from there.'],
      });
    context.failpoint(`${name}:before`);
    await registry.together(async (changes) => {
      await endStep(changes);
      await changes.beginStep(id, name);
    });
    ended = null;
    const result = await inner();
    ended = { step: name, at: new Date().toISOString() };
    context.failpoint(`${name}:after`);
    return result;
  };
  const end = (state: 'done' | 'failed', error?: string) =>
    registry.together(async (changes) => {
      await endStep(changes);
      await changes.endJob(id, state, error);
      await changes.appendAudit({
        actor: context.actor,
        action: `tenant.${kind}`,
        tenant,
        details: { ...details, job: id, outcome: state, ...(error === undefined ? {} : { error }) },
      });
    });
  try {
    const result = await work({ id, interrupted, step });
    await end('done');
    return result;
  } catch (error) {
    await end('failed', context.redact(error instanceof Error ? error.message : String(error)));
    throw error;
  }
}
