import {
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RolloutEnd, RolloutView } from '../../core/rollout/decide.ts';
import { drive } from '../../core/rollout/drive.ts';
import { FENCED, type OpsActivities, WANTED_SIGNAL } from '../../core/rollout/ops.ts';

/** A worker that is silent for so long is dead, and another one begins its tenants again. */
const HEARTBEAT_TIMEOUT = '15s';
const LONGEST_CHANGE = '6h';

const activities = proxyActivities<OpsActivities>({
  startToCloseTimeout: LONGEST_CHANGE,
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  // A registry that is away is waited for; a tenant's own failure is no failure of the activity.
  retry: { initialInterval: '1s', maximumInterval: '30s', nonRetryableErrorTypes: [FENCED] },
});

const wantedSignal = defineSignal<[RolloutView['wanted']]>(WANTED_SIGNAL);

/** A rollout as a workflow: the same decisions as in process; the journal in the registry is what holds. */
export async function rollout(id: string, retry: boolean): Promise<RolloutEnd> {
  let wanted: RolloutView['wanted'] = null;
  let rung = false;
  const wake = (): void => {
    rung = true;
  };
  setHandler(wantedSignal, (asked) => {
    wanted = asked;
    wake();
  });
  const { epoch, view } = await activities.takeRollout(id, retry);
  const full = (): boolean => wanted === null && workflowInfo().continueAsNewSuggested;
  const end = await drive(view, {
    now: Date.now,
    wake,
    // A history that is about to be too long: what runs ends, then a new one goes on from the journal.
    wanted: async () => (full() ? 'pause' : wanted),
    run: (tenant) => activities.runTenant(id, epoch, tenant),
    check: (tenant) => activities.checkTenant(id, epoch, tenant),
    async idle(until) {
      if (until === null) await condition(() => rung);
      else await condition(() => rung, Math.max(1, until - Date.now()));
      rung = false;
    },
  });
  if (end.state === 'paused' && wanted === null) return continueAsNew<typeof rollout>(id, false);
  await activities.endRollout(id, epoch, end);
  return end;
}
