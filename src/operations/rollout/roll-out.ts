import { ChpError } from '../../core/errors.ts';
import { atMost } from '../../core/rollout/amount.ts';
import { type Candidate, planRollout, type RolloutPlan } from '../../core/rollout/plan.ts';
import type { RolloutOperation, RolloutSpec } from '../../core/rollout/spec.ts';
import type { Context } from '../context.ts';
import { type Selected, selectTenants } from '../select-tenants.ts';
import { closedAt } from './gate.ts';
import { type RolloutFlags, type RolloutRequest, rolloutRequest } from './request.ts';
import type { RolloutResult } from './result.ts';
import { runRollout } from './run.ts';

/** What a rollout would do; nothing was done. */
export interface RolloutPreview {
  kind: 'preview';
  operation: string;
  maxFailures: number;
  /** Give it as --seed, and the same tenants come in the same order. */
  seed: number;
  waves: { title: string; tenants: string[] }[];
  tenants: { tenant: string; wave: string | null; why: string }[];
}

/**
 * Plans an operation on many tenants and runs it, here or on Temporal.
 * @throws BAD_INPUT, NOT_FOUND when there are none, BAD_DOCUMENT; a tenant's failure is in the result
 */
export async function rollOut(
  context: Context,
  operation: RolloutOperation,
  flags: RolloutFlags,
): Promise<RolloutResult> {
  const id = await startRollout(context, operation, flags);
  context.progress.note(`job ${id}; from elsewhere: chp job watch ${id.slice(0, 8)}`);
  return runRollout(context, id, { retry: false });
}

/** Plans it and writes it into the journal, for any chp to run. @returns its id @throws as `rollOut` */
export async function startRollout(
  context: Context,
  operation: RolloutOperation,
  flags: RolloutFlags,
): Promise<string> {
  const { request, plan } = await planned(context, operation, flags);
  const spec = specOf(request, plan);
  const registry = await context.registry();
  return registry.together(async (changes) => {
    const tenants = plan.tenants.map(({ why: _, ...tenant }) => tenant);
    const { id } = await changes.createRollout(spec, context.actor, tenants);
    const details = { job: id, operation: operation.name, selector: spec.selector, tenants: tenants.length };
    await changes.appendAudit({ actor: context.actor, action: 'rollout.start', tenant: null, details });
    return id;
  });
}

/** The waves of `rollOut`, and why each tenant is where it is. @throws as `rollOut` */
export async function previewRollout(
  context: Context,
  operation: RolloutOperation,
  flags: RolloutFlags,
): Promise<RolloutPreview> {
  const { request, plan } = await planned(context, operation, flags);
  const { maxFailures, seed } = specOf(request, plan);
  return {
    kind: 'preview',
    operation: operation.name,
    maxFailures,
    seed,
    waves: plan.waves.map((title, wave) => ({
      title,
      tenants: plan.tenants.flatMap((one) => (one.wave === wave ? [one.tenant] : [])),
    })),
    tenants: plan.tenants.map(({ tenant, wave, why }) => ({ tenant, wave: plan.waves[wave] ?? null, why })),
  };
}

async function planned(
  context: Context,
  operation: RolloutOperation,
  flags: RolloutFlags,
): Promise<{ request: RolloutRequest; plan: RolloutPlan }> {
  const request = rolloutRequest(operation, flags);
  const tenants = await selectTenants(context, request.selector);
  if (tenants.length === 0)
    throw new ChpError(
      'NOT_FOUND',
      request.selector === null ? 'there are no tenants' : `no tenant is ${request.selector}`,
      {
        next: ['See them: chp tenant list'],
      },
    );
  const now = Date.now();
  const candidates = tenants.map((one) => candidateOf(one, request, now));
  return { request, plan: planRollout(candidates, request) };
}

function candidateOf(
  { record, tenant }: Selected,
  { operation, ignoreWindows }: RolloutRequest,
  now: number,
): Candidate {
  const { targets } = operation;
  const without = targets && !Object.hasOwn(targets, record.name) ? 'there is nothing for it to go to' : null;
  return {
    tenant: record.name,
    ring: tenant.labels.ring ?? null,
    skip: record.phase === 'destroying' ? 'it is being destroyed' : without,
    closed: ignoreWindows ? null : closedAt(tenant, now),
  };
}

function specOf({ rings: _, batch: __, maxFailures, ...request }: RolloutRequest, plan: RolloutPlan): RolloutSpec {
  const part = plan.tenants.filter(({ state }) => state !== 'skipped').length;
  return { ...request, waves: plan.waves, canary: plan.canary, maxFailures: atMost(maxFailures, part) };
}
