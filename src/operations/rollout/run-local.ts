import type { StepHandle } from '../../core/ports/progress.ts';
import type { RolloutTenantState } from '../../core/ports/rollouts.ts';
import { drive } from '../../core/rollout/drive.ts';
import { viewOf } from '../../core/rollout/view.ts';
import type { Context } from '../context.ts';
import { contextFor } from '../for-each-tenant.ts';
import { endRollout } from './end.ts';
import { type RolloutResult, rolloutResult } from './result.ts';
import { checkRolledOut, runTenant } from './run-tenant.ts';
import { ROLLOUT_STEPS, type RolloutSteps } from './steps.ts';

/** How soon it is seen that an operator elsewhere asked for a pause. */
const LOOK_MS = 500;

/**
 * Runs a rollout in this process, from wherever it stands, until it ends, halts or is paused. Its lock is held
 * meanwhile, by the kernel or the database's session: when this process dies another one can go on at once.
 * @throws LOCKED when another process runs it; CONFLICT when another one took it over
 */
export async function runLocally(
  context: Context,
  id: string,
  options: { retry: boolean },
  steps: RolloutSteps = ROLLOUT_STEPS,
): Promise<RolloutResult> {
  const registry = await context.registry();
  await using _lock = await registry.lockRollout(id, 'roll out', { waitMs: context.lockWaitMs });
  const held = await registry.takeRollout(id, options);
  const view = viewOf(held, await registry.rolloutTenants(id));
  const title = `Roll out ${held.spec.operation.name} to ${view.rows.length} tenants`;
  const end = await context.progress.step(title, async (step) => {
    const bell = makeBell();
    const over = new Set<RolloutTenantState>(['done', 'failed', 'skipped', 'deferred']);
    const tell = (tenant: string, state: string, reason: string | null): void => {
      tellEnd(step, tenant, state, reason);
      step.update(view.rows.filter((row) => over.has(row.state)).length, view.rows.length, 'tenants');
    };
    const ended = await drive(view, {
      now: Date.now,
      idle: (until) => bell.rung(until === null ? LOOK_MS : Math.min(LOOK_MS, until - Date.now())),
      wake: bell.ring,
      wanted: async () => (context.signal.aborted ? 'pause' : (await registry.rollout(id)).wanted),
      run: async (tenant) => {
        const outcome = await runTenant(contextFor(context, step, tenant), held, tenant, steps);
        tell(tenant, outcome.state, outcome.reason);
        return outcome;
      },
      check: async (tenant) => {
        const failure = await checkRolledOut(contextFor(context, step, tenant), held, tenant, steps);
        if (failure !== null) tell(tenant, 'failed', failure);
        return failure;
      },
    });
    step.says(ended.state);
    return ended;
  });
  await endRollout(context, id, held.epoch, end);
  return rolloutResult(registry, id);
}

function tellEnd(step: StepHandle, tenant: string, state: string, reason: string | null): void {
  const text = `${tenant}: ${state}${reason === null ? '' : ` (${reason})`}`;
  if (state === 'failed') step.warn(text);
  else step.note(text);
}

/** Rung: whoever waits goes on. A ring that nobody waited for is not lost. */
function makeBell(): { ring: () => void; rung: (ms: number) => Promise<void> } {
  let pending = false;
  let wake: (() => void) | null = null;
  return {
    ring: () => {
      if (wake) wake();
      else pending = true;
    },
    rung: (ms) =>
      new Promise((resolve) => {
        if (pending) {
          pending = false;
          resolve();
          return;
        }
        const timer = setTimeout(() => wake?.(), Math.max(0, ms));
        wake = () => {
          clearTimeout(timer);
          wake = null;
          resolve();
        };
      }),
  };
}
