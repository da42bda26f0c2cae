import { runtimeAdapter } from '../adapters/runtimes/index.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import { automationSecrets } from '../packs/automation.ts';

/** Every secret that a tenant's gateway, worker and connectors are given. */
export function neededSecrets(tenant: Tenant): string[] {
  return [...new Set([...runtimeAdapter(tenant.runtime).secretNames(tenant), ...automationSecrets(tenant)])].sort();
}
