import type { EditOutcome } from '../operations/edit-tenant.ts';
import type { ManyOutcomes } from '../operations/for-each-tenant.ts';
import { table } from './table.ts';

/** One line a tenant; what failed is told in full below. */
export function presentPushes({ tenants, failed }: ManyOutcomes<EditOutcome>): string {
  const rows = tenants.map((one) => [one.tenant, one.ok ? describe(one.result) : `failed: ${one.error.code}`]);
  const faults = tenants.flatMap((one) =>
    one.ok
      ? []
      : [
          '',
          `${one.tenant}: ${one.error.message}`,
          ...(one.error.why ? [`Why: ${one.error.why}`] : []),
          ...one.error.next.map((next) => `Next: ${next}`),
        ],
  );
  const sum = failed > 0 ? ['', `${failed} of ${tenants.length} failed.`] : [];
  return [table(['TENANT', 'OUTCOME'], rows), ...faults, ...sum].join('\n');
}

function describe({ pushed }: EditOutcome): string {
  if (!pushed) return 'nothing to push';
  return pushed.outcome === 'converged'
    ? 'has it already'
    : `generation ${pushed.generation.slice(0, 12)} runs (${pushed.checks.filter(({ verdict }) => verdict === 'pass').length} checks passed)`;
}
