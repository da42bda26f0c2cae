import { runtimeAdapter } from '../adapters/runtimes/index.ts';
import { ChpError } from '../core/errors.ts';
import type { SecretRecord } from '../core/ports/registry.ts';
import { MADE_BY_CHP } from '../core/secret-names.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import { automationSecrets } from '../packs/automation.ts';

/** Every secret that a tenant's gateway, worker and connectors are given. */
export function neededSecrets(tenant: Tenant): string[] {
  return [...new Set([...runtimeAdapter(tenant.runtime).secretNames(tenant), ...automationSecrets(tenant)])].sort();
}

/** Those that somebody has to give, and that are not among `have`. */
export function missingSecrets(tenant: Tenant, have: Iterable<string>): string[] {
  const known = new Set([...have, ...MADE_BY_CHP]);
  return neededSecrets(tenant).filter((name) => !known.has(name));
}

/** @throws BAD_INPUT naming every secret that was never set, with the command that sets it */
export function assertSecretsSet(tenant: Tenant, stored: readonly SecretRecord[]): void {
  const missing = missingSecrets(
    tenant,
    stored.map((secret) => secret.name),
  );
  if (missing.length === 0) return;
  throw new ChpError(
    'BAD_INPUT',
    `${tenant.name} lacks ${missing.length === 1 ? 'a secret' : 'secrets'}: ${missing.join(', ')}`,
    {
      why: 'Its document refers to them, and nothing is changed on the host before they are set.',
      next: missing.map((name) => `chp secret set ${tenant.name} ${name}`),
      details: { missing },
    },
  );
}
