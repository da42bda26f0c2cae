import type { RolloutRecord, RolloutTenantRecord } from '../ports/rollouts.ts';
import type { RolloutRow, RolloutView } from './decide.ts';

const time = (text: string | null): number | null => (text === null ? null : Date.parse(text));

/** A rollout as it stands in the journal. */
export function viewOf(record: RolloutRecord, tenants: readonly RolloutTenantRecord[]): RolloutView {
  return {
    spec: record.spec,
    began: Date.parse(record.startedAt),
    forgiven: record.forgiven,
    wanted: record.wanted,
    rows: tenants.map(rowOf),
  };
}

function rowOf({ tenant, wave, state, opensAt, endedAt, checkedAt }: RolloutTenantRecord): RolloutRow {
  return { tenant, wave, state, opensAt: time(opensAt), endedAt: time(endedAt), checked: checkedAt !== null };
}
