import type { RolloutResult } from '../operations/rollout/result.ts';
import type { RolloutPreview } from '../operations/rollout/roll-out.ts';
import { table } from './table.ts';

/** Each tenant's end, and how to go on. */
export function presentRollout(result: RolloutResult): string {
  const rows = result.tenants.map(({ tenant, wave, state, reason, opensAt }) => [
    tenant,
    wave ?? '-',
    state,
    [reason, opensAt === null ? null : `from ${opensAt}`].filter((part) => part !== null).join(', ') || '-',
  ]);
  const short = result.id.slice(0, 8);
  const counts = Object.entries(result.counts).flatMap(([state, count]) => (count > 0 ? [`${count} ${state}`] : []));
  const sum = `Job ${short} (${result.operation}): ${result.state}${result.reason === null ? '' : `: ${result.reason}`}. ${counts.join(', ')}.`;
  const ends: string[] =
    result.state === 'done' || result.state === 'cancelled' || result.state === 'running'
      ? []
      : [
          `Go on: chp job resume ${short}`,
          ...(result.counts.failed > 0 ? [`Those that failed once more: chp job resume ${short} --retry-failed`] : []),
        ];
  return [table(['TENANT', 'WAVE', 'STATE', 'WHY'], rows), '', sum, ...ends].join('\n');
}

export const presentRolledOut = (of: RolloutPreview | RolloutResult): string =>
  of.kind === 'preview' ? presentPreview(of) : presentRollout(of);

/** Wave by wave, and why each tenant is there. */
function presentPreview({ operation, waves, tenants, maxFailures, seed }: RolloutPreview): string {
  const number = new Map(waves.map(({ title }, index) => [title, `${index + 1} ${title}`]));
  const rows = tenants.map(({ tenant, wave, why }) => [wave === null ? '-' : (number.get(wave) ?? wave), tenant, why]);
  return [
    table(['WAVE', 'TENANT', 'WHY'], rows),
    '',
    `${operation}: ${tenants.length} tenants in ${waves.length} waves; halts at ${maxFailures + 1} failed, or one canary. Nothing was done. The same order again: --seed ${seed}`,
  ].join('\n');
}
