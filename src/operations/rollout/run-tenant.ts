import { parseTenant } from '../../adapters/documents/tenant-document.ts';
import { ChpError, type ErrorCode } from '../../core/errors.ts';
import type { RolloutRecord, TenantEnd } from '../../core/ports/rollouts.ts';
import type { RolloutOperation } from '../../core/rollout/spec.ts';
import type { Context } from '../context.ts';
import { closedAt } from './gate.ts';
import type { RolloutStep, RolloutSteps } from './steps.ts';

/** Not the tenant's fault, and gone by itself later. */
const LATER: Partial<Record<ErrorCode, string>> = { HOST_UNREACHABLE: 'offline', LOCKED: 'busy' };

/** A rollout as whoever runs it holds it. */
export type Held = Pick<RolloutRecord, 'id' | 'epoch' | 'spec'>;

/**
 * One tenant's part of a rollout, journalled: the same for every executor. What is done already is not done again.
 * @throws CONFLICT when another chp has taken the rollout over, REGISTRY_UNAVAILABLE; a fault of the tenant's is its end
 */
export async function runTenant(
  context: Context,
  { id, epoch, spec }: Held,
  tenant: string,
  steps: RolloutSteps,
): Promise<TenantEnd> {
  const registry = await context.registry();
  const attempt = await registry.beginRolloutTenant(id, epoch, tenant);
  if (attempt === null) return ended('done', null);
  const end = await endOf(context, tenant, spec.ignoreWindows, async () =>
    stepOf(steps, spec.operation.name).run(
      context,
      tenant,
      optionsFor(spec.operation, tenant),
      `rollout-${id}-${tenant}`,
    ),
  );
  await registry.endRolloutTenant(id, tenant, attempt, end);
  return end;
}

/** The look after the soak, journalled. @returns what is wrong, or null @throws as `runTenant` */
export async function checkRolledOut(
  context: Context,
  { id, epoch, spec }: Held,
  tenant: string,
  steps: RolloutSteps,
): Promise<string | null> {
  const failure = await stepOf(steps, spec.operation.name)
    .check(context, tenant)
    .then(
      () => null,
      (error: unknown) => `after the soak: ${said(error)}`,
    );
  await (await context.registry()).checkedRolloutTenant(id, epoch, tenant, failure);
  return failure;
}

const optionsFor = ({ options, targets }: RolloutOperation, tenant: string): Record<string, unknown> =>
  targets ? { ...options, target: targets[tenant] } : options;

export function stepOf(steps: RolloutSteps, name: string): RolloutStep {
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
  if (step) return step;
  throw new ChpError('CONFLICT', `this chp can't roll out "${name}"`, { next: ['Use the chp that began the job.'] });
}

async function endOf(
  context: Context,
  name: string,
  anyTime: boolean,
  work: () => Promise<string>,
): Promise<TenantEnd> {
  try {
    const { document } = await (await context.registry()).tenant(name);
    const closed = anyTime ? null : closedAt(parseTenant(document, `${name}/tenant.yaml`).tenant, Date.now());
    if (closed) return { state: 'deferred', ...closed };
    return ended('done', await work());
  } catch (error) {
    if (context.signal.aborted) return ended('waiting', 'it was stopped, and is gone over again');
    const code = error instanceof ChpError ? error.code : 'INTERNAL';
    if (code === 'TENANT_NOT_FOUND') return ended('skipped', 'it is gone');
    const later = LATER[code];
    return later ? ended('deferred', `${later}: ${said(error)}`) : ended('failed', `${code}: ${said(error)}`);
  }
}

const ended = (state: TenantEnd['state'], reason: string | null): TenantEnd => ({ state, reason, opensAt: null });
const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
