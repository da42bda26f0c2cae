import type { AgentEvent, CheckResult } from '../../core/agent-protocol.ts';
import type { Digest } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { StepHandle } from '../../core/ports/progress.ts';
import type { UpgradePlan, UpgradeResult } from '../../core/upgrade.ts';
import type { Context } from '../context.ts';
import { openHost } from '../host-link.ts';
import { resolvePacks } from '../packs/lock-packs.ts';
import { provision } from '../provision.ts';
import { signedGeneration } from '../push-tenant.ts';
import { runtimeBundle } from '../runtime-bundle.ts';
import { withTenantJob } from '../tenant-job.ts';
import { planUpgrade } from './plan-upgrade.ts';
import { runtimeName, type UpgradeTarget } from './target.ts';
import { assertPossible, type UpgradeOptions, upgradeTenant } from './upgrade-tenant.ts';

/** How an upgrade went on a copy of the tenant. */
export interface RehearsedUpgrade {
  tenant: string;
  to: string;
  generation: Digest;
  checks: CheckResult[];
  /** Milliseconds on the host; null = there was nothing to rehearse. */
  ms: number | null;
  /** The upgrade itself, where it was asked for. */
  promoted: UpgradeResult | null;
}

/**
 * Plays an upgrade through on a copy of the tenant's state on its host, beside what serves the family, channels muted.
 * With `promote` it is then done for real.
 *
 * @throws UNHEALTHY naming the check that failed; HOST_UNFIT where it can't be rehearsed; all of `planUpgrade`
 */
export async function rehearseUpgrade(
  context: Context,
  name: string,
  { promote, ...options }: UpgradeOptions & { promote: boolean },
): Promise<RehearsedUpgrade> {
  const { plan, target } = await planUpgrade(context, name, options);
  const what = { tenant: name, to: runtimeName(target.tenant), generation: plan.generation };
  if (plan.empty) return { ...what, checks: plan.checks, ms: null, promoted: null };
  assertPossible(plan);
  await options.confirm?.(plan);
  const { checks, ms } = await onHost(context, plan, target);
  const failed = checks.filter(({ verdict }) => verdict === 'fail');
  if (failed.length > 0)
    throw new ChpError('UNHEALTHY', `the rehearsal of ${what.to} failed; nothing of ${name} was touched`, {
      why: failed.map(({ title, detail }) => `${title}: ${detail}`).join('; '),
      next: [`Stay with ${plan.runtime?.from ?? 'what runs'}, or mend it and rehearse again.`],
      details: { checks },
    });
  const promoted = promote ? await upgradeTenant(context, name, { ...options, confirm: async () => {} }) : null;
  return { ...what, checks, ms, promoted };
}

function onHost(context: Context, plan: UpgradePlan, { document, tenant, packs }: UpgradeTarget) {
  const { name } = tenant;
  return withTenantJob(context, name, 'upgrade', { rehearsal: true, to: runtimeName(tenant) }, async (job) => {
    const registry = await context.registry();
    await using host = await job.step('facts', () => openHost(context, tenant));
    const bundle = await job.step('bundle', () => runtimeBundle(context, tenant, host.platform));
    // The host agent of this chp plays it.
    await job.step('provision', () => provision(context, tenant, host, bundle));
    const resolved = await resolvePacks(context, tenant, { refresh: packs ? 'all' : [] });
    const record = { ...(await registry.tenant(name)), document };
    const { agent, signed, blobs } = await signedGeneration(context, record, tenant, host, bundle, resolved);
    if (signed.digest !== plan.generation)
      throw new ChpError('CONFLICT', `${name} was changed by somebody else meanwhile`, { next: ['Run it again.'] });
    return await job.step('rehearse', () =>
      context.progress.step('Rehearse on a copy', (step) =>
        agent.rehearse(name, signed, blobs, { signal: context.signal, onEvent: (event) => show(step, event) }),
      ),
    );
  });
}

function show(step: StepHandle, event: AgentEvent): void {
  if (event.event === 'progress' && event.total === 0) step.says(event.what);
  else if (event.event === 'progress') step.update(event.done, event.total, event.what);
  if (event.event === 'check' && event.check.verdict === 'fail')
    step.warn(`${event.check.title}: ${event.check.detail}`);
}
