import { chmodSync, statSync } from 'node:fs';
import type { AutomaticFix } from '../../core/doctor.ts';
import { ChpError } from '../../core/errors.ts';
import { applyTenant } from '../apply-tenant.ts';
import { renewCatalogue } from '../catalogue/renew-catalogue.ts';
import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';
import { openForLook } from '../known-host.ts';
import { planTenant } from '../plan-tenant.ts';
import { withTenantJob } from '../tenant-job.ts';
import { LOCAL } from './local-readings.ts';
import type { PlannedFix } from './planned-fixes.ts';

export interface FixOutcome extends PlannedFix {
  /** What was done, or why not. */
  detail: string;
  done: boolean;
}

/** Does them one after the other; one that can't be done does not keep the others from it. */
export async function applyFixes(context: Context, fixes: readonly PlannedFix[]): Promise<FixOutcome[]> {
  const outcomes: FixOutcome[] = [];
  for (const planned of fixes) {
    if (context.signal.aborted) throw new ChpError('INTERRUPTED', 'stopped between two fixes');
    try {
      outcomes.push({ ...planned, done: true, detail: await DOES[planned.fix](context, planned) });
    } catch (error) {
      if (!(error instanceof ChpError)) throw error;
      outcomes.push({ ...planned, done: false, detail: error.message });
    }
  }
  return outcomes;
}

const DOES: Record<AutomaticFix, (context: Context, planned: PlannedFix) => Promise<string>> = {
  'private-modes': privateModes,
  'renew-catalogue': async (context, { of }) =>
    `holds until ${(await renewCatalogue(context, of ?? undefined)).expires}`,
  recover: (context, { tenant }) => recover(context, tenant ?? ''),
  apply: (context, { tenant }) => converge(context, tenant ?? ''),
};

async function privateModes(context: Context): Promise<string> {
  const { open } = await LOCAL.home(context);
  for (const { path } of open) chmodSync(path, statSync(path).mode & 0o700);
  const paths = open.map(({ path }) => path);
  await audited(context, null, 'private-modes', { paths });
  return `closed ${paths.join(', ') || 'nothing'}`;
}

async function recover(context: Context, name: string): Promise<string> {
  const { tenant } = await loadTenant(context, name);
  return withTenantJob(context, name, 'fix', { fix: 'recover' }, (job) =>
    job.step('recover', async () => {
      await using host = await openForLook(context, tenant);
      const { outcome } = (await host.agent()?.recover(name)) ?? { outcome: null };
      return outcome === null ? 'nothing was open' : `${outcome} what was cut`;
    }),
  );
}

/** @throws CONFLICT where apply would also bring changes that somebody recorded and did not push */
async function converge(context: Context, name: string): Promise<string> {
  const { generation } = await planTenant(context, name);
  if (generation !== null && generation.from !== null)
    throw new ChpError('CONFLICT', 'apply would change more than it would mend: see the plan', {
      next: [`chp tenant plan ${name}`, `chp tenant apply ${name}`],
    });
  const { applied } = await applyTenant(context, name);
  return applied.outcome === 'converged'
    ? 'the host is as it should be'
    : `generation ${applied.generation.slice(0, 12)} runs`;
}

async function audited(context: Context, tenant: string | null, fix: AutomaticFix, details: Record<string, unknown>) {
  const registry = await context.registry();
  await registry.appendAudit({ actor: context.actor, action: 'doctor.fix', tenant, details: { fix, ...details } });
}
