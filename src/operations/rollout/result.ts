import type { Registry } from '../../core/ports/registry.ts';
import type {
  RolloutRecord,
  RolloutState,
  RolloutTenantRecord,
  RolloutTenantState,
} from '../../core/ports/rollouts.ts';

export interface RolloutResultTenant {
  tenant: string;
  /** null: it had no part in it. */
  wave: string | null;
  state: RolloutTenantState;
  reason: string | null;
  opensAt: string | null;
  /** How often it was begun. */
  attempts: number;
  endedAt: string | null;
}

/** A rollout as it stands. */
export interface RolloutResult {
  id: string;
  kind: 'rollout';
  operation: string;
  executor: 'local' | 'temporal';
  state: RolloutState;
  wanted: 'pause' | 'cancel' | null;
  reason: string | null;
  actor: string;
  startedAt: string;
  endedAt: string | null;
  counts: Record<RolloutTenantState, number>;
  /** In the order of the plan. */
  tenants: RolloutResultTenant[];
}

/** @throws NOT_FOUND */
export async function rolloutResult(registry: Registry, id: string): Promise<RolloutResult> {
  const record = await registry.rollout(id);
  return resultOf(record, await registry.rolloutTenants(record.id));
}

export function resultOf(record: RolloutRecord, rows: readonly RolloutTenantRecord[]): RolloutResult {
  const { id, spec, state, wanted, reason, actor, startedAt, endedAt } = record;
  const counts: RolloutResult['counts'] = { waiting: 0, running: 0, done: 0, failed: 0, skipped: 0, deferred: 0 };
  for (const row of rows) counts[row.state]++;
  return {
    id,
    kind: 'rollout',
    operation: spec.operation.name,
    executor: spec.executor,
    state,
    wanted,
    reason,
    actor,
    startedAt,
    endedAt,
    counts,
    tenants: rows.map((row) => ({
      tenant: row.tenant,
      wave: spec.waves[row.wave] ?? null,
      state: row.state,
      reason: row.reason,
      opensAt: row.opensAt,
      attempts: row.attempt,
      endedAt: row.endedAt,
    })),
  };
}
