import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from '../../core/errors.ts';
import type { Context } from '../context.ts';
import { type AnyJob, findJob, isHeld } from './find-job.ts';

const LOOK_MS = 1_000;

/** Tells of a job's steps or tenants as they end, until it does, or nobody runs it any more. @throws NOT_FOUND, INTERRUPTED */
export async function watchJob(context: Context, id: string): Promise<AnyJob> {
  const registry = await context.registry();
  const first = await findJob(registry, id);
  return context.progress.step(`Job ${first.id.slice(0, 8)}`, async (step) => {
    const told = new Set<string>();
    for (;;) {
      const job = await findJob(registry, first.id);
      const lines = linesOf(job);
      for (const line of lines.ended) if (!told.has(line)) step.note(line);
      for (const line of lines.ended) told.add(line);
      step.update(lines.ended.length, lines.total, job.kind === 'rollout' ? 'tenants' : 'steps');
      step.says(job.state);
      if (job.state !== 'running' || (await isAbandoned(job))) return job;
      await sleep(LOOK_MS, undefined, { signal: context.signal }).catch(() => {
        throw new ChpError('INTERRUPTED', 'watched no longer; the job goes on');
      });
    }
  });

  async function isAbandoned(job: AnyJob): Promise<boolean> {
    if (job.kind !== 'rollout' || job.executor === 'temporal') return false;
    if (await isHeld(registry.lockRollout(job.id, 'look', { waitMs: 0 }))) return false;
    // It may have ended between the look at it and the look at its lock.
    if ((await registry.rollout(job.id)).state !== 'running') return false;
    context.progress.warn(`nobody runs it: chp job resume ${job.id.slice(0, 8)}`);
    return true;
  }
}

function linesOf(job: AnyJob): { ended: string[]; total: number } {
  if (job.kind !== 'rollout')
    return {
      ended: job.steps.flatMap(({ step, ended }) => (ended === null ? [] : [step])),
      total: job.state === 'running' ? 0 : job.steps.length,
    };
  const over = job.tenants.filter(({ state }) => state !== 'waiting' && state !== 'running');
  return {
    ended: over.map(({ tenant, state, reason }) => `${tenant}: ${state}${reason === null ? '' : ` (${reason})`}`),
    total: job.tenants.length,
  };
}
