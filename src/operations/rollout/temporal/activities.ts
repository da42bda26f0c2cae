import { ChpError } from '../../../core/errors.ts';
import type { StepHandle } from '../../../core/ports/progress.ts';
import { FENCED, type OpsActivities } from '../../../core/rollout/ops.ts';
import type { RolloutSpec } from '../../../core/rollout/spec.ts';
import { viewOf } from '../../../core/rollout/view.ts';
import type { Context } from '../../context.ts';
import { contextFor } from '../../for-each-tenant.ts';
import { endRollout } from '../end.ts';
import { checkRolledOut, type Held, runTenant } from '../run-tenant.ts';
import type { RolloutSteps } from '../steps.ts';
import type { TemporalSdk } from './sdk.ts';

/** Well below the workflow's timeout. */
const HEARTBEAT_MS = 4_000;

/** The steps of the executor in process, each with a heart that beats while it works. */
export function opsActivities(
  context: Context,
  { activity }: TemporalSdk,
  progress: StepHandle,
  steps: RolloutSteps,
): OpsActivities {
  const specs = new Map<string, RolloutSpec>();
  const held = async (id: string, epoch: number): Promise<Held> => {
    const spec = specs.get(id) ?? (await (await context.registry()).rollout(id)).spec;
    specs.set(id, spec);
    return { id, epoch, spec };
  };
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    const heart = setInterval(() => activity.heartbeat(), HEARTBEAT_MS);
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ChpError) || error.code !== 'CONFLICT') throw error;
      throw activity.ApplicationFailure.nonRetryable(error.message, FENCED);
    } finally {
      clearInterval(heart);
    }
  };
  return {
    takeRollout: (id, retry) =>
      alive(async () => {
        const registry = await context.registry();
        const record = await registry.takeRollout(id, { retry });
        specs.set(id, record.spec);
        return { epoch: record.epoch, view: viewOf(record, await registry.rolloutTenants(id)) };
      }),
    runTenant: (id, epoch, tenant) =>
      alive(async () => {
        const end = await runTenant(contextFor(context, progress, tenant), await held(id, epoch), tenant, steps);
        progress.note(`${tenant}: ${end.state}${end.reason === null ? '' : ` (${end.reason})`}`);
        return end;
      }),
    checkTenant: (id, epoch, tenant) =>
      alive(async () => checkRolledOut(contextFor(context, progress, tenant), await held(id, epoch), tenant, steps)),
    endRollout: (id, epoch, end) => alive(() => endRollout(context, id, epoch, end)),
  };
}
