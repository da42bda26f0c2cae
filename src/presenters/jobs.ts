import type { Converged } from '../operations/converge-tenant.ts';
import type { AnyJob, ListedJob } from '../operations/jobs/find-job.ts';
import type { RolloutResult } from '../operations/rollout/result.ts';
import { presentRollout } from './rollout.ts';
import { table } from './table.ts';
import { presentConverged } from './tenant.ts';

export function presentJobs(jobs: readonly ListedJob[]): string {
  if (jobs.length === 0) return 'No jobs.';
  return table(
    ['JOB', 'WHAT', 'OF', 'STATE', 'BY', 'STARTED', 'ENDED'],
    jobs.map((job) => [
      job.id.slice(0, 8),
      job.kind === 'rollout' ? `rollout ${job.operation}` : job.kind,
      job.kind === 'rollout'
        ? `${Object.values(job.counts).reduce((sum, count) => sum + count, 0)} tenants`
        : job.tenant,
      job.state,
      job.actor,
      job.startedAt,
      job.endedAt ?? '-',
    ]),
  );
}

export function presentJob(job: AnyJob): string {
  if (job.kind === 'rollout') return presentRollout(job);
  const rows = job.steps.map(({ step, began, ended }) => [step, began, ended ?? '-']);
  const why = job.error === null ? '' : `: ${job.error}`;
  return [
    `Job ${job.id}: ${job.kind} of ${job.tenant} by ${job.actor}: ${job.state}${why}`,
    '',
    table(['STEP', 'BEGAN', 'ENDED'], rows),
  ].join('\n');
}

export const presentResumed = (resumed: RolloutResult | Converged): string =>
  'kind' in resumed ? presentRollout(resumed) : presentConverged(resumed);
