import type { TenantEnd } from '../ports/rollouts.ts';
import type { RolloutEnd, RolloutView } from './decide.ts';

/** What the ops workflow and whoever starts it agree on. */
export const OPS_QUEUE = 'chp-ops';
export const ROLLOUT_WORKFLOW = 'rollout';
export const WANTED_SIGNAL = 'wanted';
/** Type of the failure of whoever was fenced off: it is not tried again. */
export const FENCED = 'Fenced';
export const rolloutWorkflowId = (rollout: string): string => `chp-rollout-${rollout}`;

/** The steps of the executor in process, as activities. */
export interface OpsActivities {
  takeRollout(id: string, retry: boolean): Promise<{ epoch: number; view: RolloutView }>;
  runTenant(id: string, epoch: number, tenant: string): Promise<TenantEnd>;
  checkTenant(id: string, epoch: number, tenant: string): Promise<string | null>;
  endRollout(id: string, epoch: number, end: RolloutEnd): Promise<void>;
}
