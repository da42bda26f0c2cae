import type { TenantRecord } from '../core/ports/registry.ts';
import { table } from './table.ts';

/** `none`: what is said instead of an empty table. */
export function presentTenants(
  tenants: readonly TenantRecord[],
  none = 'No tenants yet. Create one: chp tenant create NAME --host local',
): string {
  if (tenants.length === 0) return none;
  return table(
    ['NAME', 'PHASE', 'TOPOLOGY', 'HOST', 'GENERATION', 'UPDATED'],
    tenants.map((t) => [t.name, t.phase, t.topology, t.host, t.generation?.slice(0, 12) ?? '-', t.updatedAt]),
  );
}
