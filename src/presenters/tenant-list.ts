import type { TenantRecord } from '../core/ports/registry.ts';
import { table } from './table.ts';

export function presentTenants(tenants: readonly TenantRecord[]): string {
  if (tenants.length === 0) return 'No tenants yet. Create one: chp tenant create NAME --host local';
  return table(
    ['NAME', 'PHASE', 'TOPOLOGY', 'HOST', 'GENERATION', 'UPDATED'],
    tenants.map((t) => [t.name, t.phase, t.topology, t.host, t.generation?.slice(0, 12) ?? '-', t.updatedAt]),
  );
}
