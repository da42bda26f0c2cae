import { sha256 } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import type { Registry } from '../../core/ports/registry.ts';
import type { UpgradePlan, UpgradeResult, UpgradeSide } from '../../core/upgrade.ts';
import type { Context } from '../context.ts';
import { convergeTenant } from '../converge-tenant.ts';
import { loadTenant, membersOf } from '../edit-tenant.ts';
import { putBack, rowsOf } from '../kept-rows.ts';
import { type TenantJob, withTenantJob } from '../tenant-job.ts';
import { auditOf, finishedUpgrade } from './finished.ts';
import { type ApprovedUpgrade, assertAsApproved, assertNoOther } from './plan-file.ts';
import { type PlannedUpgrade, planUpgrade } from './plan-upgrade.ts';
import { runtimeName, type UpgradeRequest, type UpgradeTarget } from './target.ts';

/** Seconds that a new runtime is watched for where nobody says. */
export const DEFAULT_SOAK_S = 20;

export interface UpgradeOptions extends UpgradeRequest {
  /** Seconds that the new generation is watched on the host before it is final; default 20 where the runtime changes. */
  soakS?: number | undefined;
  /** Seconds that turns in flight get to end; default 30. */
  drainS?: number | undefined;
  /** Name of the job, from outside: one that was done is not done again. */
  jobId?: string | undefined;
  /** What was approved: nothing else is done. Its request counts. */
  approved?: ApprovedUpgrade | undefined;
  /** Asked once, when there is something to do and it can be done; throws to stop it. */
  confirm?(plan: UpgradePlan): Promise<void>;
}

/**
 * Upgrades a tenant: plans it, checks what it needs, and has the host put the new generation in the place of the old one,
 * prove and watch it, or go back by itself. The document changes only along with the host. May be run again after a cut.
 *
 * @throws UNHEALTHY, CONFIG_REFUSED when the host went back or would; HOST_UNFIT for want of room; CONFLICT when what was
 *   approved, or planned, does not fit any more; all of `planUpgrade`
 */
export async function upgradeTenant(
  context: Context,
  name: string,
  options: UpgradeOptions = {},
): Promise<UpgradeResult> {
  const registry = await context.registry();
  await registry.tenant(name);
  const { approved } = options;
  if (approved) assertNoOther(options);
  const id = options.jobId ?? (approved ? `upgrade-${approved.digest.slice(0, 32)}` : undefined);
  const done = id === undefined ? null : await finishedUpgrade(registry, name, id);
  if (done) return done;
  const planned = await planUpgrade(context, name, approved?.request ?? options);
  const { plan, target } = planned;
  if (approved) assertAsApproved(approved.plan, plan);
  if (plan.empty && plan.base.document === plan.document) return nothingToDo(registry, planned);
  assertPossible(plan);
  await options.confirm?.(plan);
  const details: Record<string, unknown> = { to: runtimeName(target.tenant) };
  const work = async (job: TenantJob): Promise<Omit<UpgradeResult, 'audit'>> => {
    await assertAsPlanned(registry, plan);
    const result = await run(context, job, planned, options);
    details.result = result;
    return result;
  };
  const result = await withTenantJob(context, name, 'upgrade', details, work, id === undefined ? {} : { id });
  return { ...result, audit: await auditOf(registry, name, result.job) };
}

async function run(
  context: Context,
  job: TenantJob,
  { plan, target, running }: PlannedUpgrade,
  { soakS = plan.runtime ? DEFAULT_SOAK_S : 0, drainS }: UpgradeOptions,
): Promise<Omit<UpgradeResult, 'audit'>> {
  const registry = await context.registry();
  const { tenant: name } = plan;
  const rows = await rowsOf(registry, name);
  const before = await registry.tenant(name);
  try {
    const { applied } = await convergeTenant(context, job, target.tenant, {
      refresh: target.packs ? 'all' : [],
      document: target.document,
      care: { soakS, ...(drainS === undefined ? {} : { drainS }) },
      // Before the host makes it final: whoever applies this tenant next must not take it back to the old runtime.
      onProven: () => saveDocument(registry, name, target),
    });
    await saveDocument(registry, name, target);
    return {
      tenant: name,
      outcome: 'upgraded',
      job: job.id,
      from: await side(registry, name, plan.base.generation, running),
      to: await side(registry, name, applied.generation, null, runtimeName(target.tenant)),
      packs: plan.packs,
      services: plan.services,
      downtimeMs: applied.change?.awayMs ?? null,
      change: applied.change ?? null,
      timings: applied.timings,
      soakS,
      checks: applied.checks,
    };
  } catch (error) {
    const now = await loadTenant(context, name);
    if (now.record.document !== before.document)
      await registry.saveDocument(name, before.document, now.record.revision, membersOf(now.tenant));
    await registry.together((changes) => putBack(changes, name, rows));
    throw error;
  }
}

async function saveDocument(registry: Registry, name: string, { document, tenant }: UpgradeTarget): Promise<void> {
  const record = await registry.tenant(name);
  if (record.document !== document) await registry.saveDocument(name, document, record.revision, membersOf(tenant));
}

/** With the lock held: nobody came in between. @throws CONFLICT */
async function assertAsPlanned(registry: Registry, { tenant, base, document, generation }: UpgradePlan): Promise<void> {
  const record = await registry.tenant(tenant);
  const asBefore = [base.document, document].includes(sha256(record.document));
  if (asBefore && (record.generation === null || [base.generation, generation].includes(record.generation))) return;
  throw new ChpError('CONFLICT', `${tenant} was changed by somebody else meanwhile`, {
    next: [`chp upgrade ${tenant} --dry-run`],
  });
}

/** Nothing was touched yet. @throws CONFIG_REFUSED, HOST_UNFIT, UNHEALTHY with what to do */
export function assertPossible({ tenant, refused, checks }: UpgradePlan): void {
  const details = { checks };
  if (refused !== null)
    throw new ChpError('CONFIG_REFUSED', 'the new version would refuse the configuration; nothing was changed', {
      why: refused,
      next: [`chp config diff ${tenant}`, `chp config set ${tenant} PATH VALUE`],
      details,
    });
  const failed = checks.filter(({ verdict }) => verdict === 'fail');
  if (failed.length === 0) return;
  const unfit = failed.every(({ id }) => id.startsWith('host.'));
  throw new ChpError(
    unfit ? 'HOST_UNFIT' : 'UNHEALTHY',
    `${tenant} can't be upgraded now: ${failed.map(({ title, detail }) => `${title}: ${detail}`).join('; ')}`,
    { why: 'Nothing was changed.', next: failed.flatMap(({ fix }) => (fix ? [fix] : [])), details },
  );
}

async function nothingToDo(registry: Registry, { plan, target, running }: PlannedUpgrade): Promise<UpgradeResult> {
  const now = await side(registry, plan.tenant, plan.base.generation, running, runtimeName(target.tenant));
  const nothing = {
    job: null,
    packs: [],
    services: [],
    downtimeMs: null,
    change: null,
    timings: {},
    soakS: 0,
    audit: [],
  };
  return { tenant: plan.tenant, outcome: 'nothing-to-do', ...nothing, from: now, to: now, checks: plan.checks };
}

async function side(
  registry: Registry,
  name: string,
  generation: string,
  manifest: GenerationManifest | null,
  runtime = manifest ? `${manifest.runtime.name}@${manifest.runtime.version}` : 'unknown',
): Promise<UpgradeSide> {
  return { runtime, generation, number: (await registry.generation(name, generation))?.number ?? null };
}
