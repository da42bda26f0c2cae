import type { Registry } from '../../core/ports/registry.ts';
import type { UpgradeResult } from '../../core/upgrade.ts';

type Kept = Omit<UpgradeResult, 'audit'>;

/** What an upgrade that was done already came to, as the audit log has it; null = it was not done. */
export async function finishedUpgrade(registry: Registry, tenant: string, job: string): Promise<UpgradeResult | null> {
  const known = (await registry.jobs(tenant)).find(({ id }) => id === job);
  if (known?.kind !== 'upgrade' || known.state !== 'done') return null;
  const entries = (await registry.audit({ tenant })).filter(({ details }) => details.job === job);
  const result = entries.at(-1)?.details.result as Kept | undefined;
  return result ? { ...result, outcome: 'already-done', audit: entries.map(({ seq }) => seq) } : null;
}

/** Numbers of a job's entries in the audit log. */
export async function auditOf(registry: Registry, tenant: string, job: string | null): Promise<number[]> {
  return (await registry.audit({ tenant, limit: 50 }))
    .filter(({ details }) => details.job === job)
    .map(({ seq }) => seq);
}
