import type { RolloutSpec } from '../rollout/spec.ts';
import type { HeldLock, LockHolder } from './registry.ts';

/** `partial`: nothing is left to do now, though some failed or were left for later. */
export type RolloutState = 'running' | 'paused' | 'halted' | 'partial' | 'done' | 'cancelled';
/** `deferred`: left for later, such as an offline hub; never an error. */
export type RolloutTenantState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped' | 'deferred';

/** One operation done to many tenants, in waves. */
export interface RolloutRecord {
  id: string;
  spec: RolloutSpec;
  state: RolloutState;
  /** What an operator asked for, for whoever runs it to see. */
  wanted: 'pause' | 'cancel' | null;
  /** Why it halted, or what else there is to say. */
  reason: string | null;
  /** Fencing token: grows with every take-over; whoever has an older one can't begin anything. */
  epoch: number;
  /** Failures that an operator has seen, and went on from. */
  forgiven: number;
  actor: string;
  startedAt: string;
  endedAt: string | null;
}

export interface RolloutTenantRecord {
  rollout: string;
  tenant: string;
  /** In the plan, from 0. */
  position: number;
  wave: number;
  state: RolloutTenantState;
  reason: string | null;
  /** Of a deferred one: when it may be changed, if that is known. */
  opensAt: string | null;
  /** Grows with every beginning; whoever began an earlier one can't end it. */
  attempt: number;
  startedAt: string | null;
  endedAt: string | null;
  /** When it was looked at again after the soak. */
  checkedAt: string | null;
}

export type PlannedTenant = Pick<RolloutTenantRecord, 'tenant' | 'wave' | 'state' | 'reason' | 'opensAt'>;
export type TenantEnd = Pick<RolloutTenantRecord, 'reason' | 'opensAt'> & {
  state: 'waiting' | 'done' | 'failed' | 'deferred' | 'skipped';
};

/** The journal of rollouts: any chp on the same registry can take one over. */
export interface RolloutJournal {
  createRollout(spec: RolloutSpec, actor: string, tenants: readonly PlannedTenant[]): Promise<RolloutRecord>;
  /** By its id or the beginning of it. @throws NOT_FOUND, or BAD_INPUT when several begin so */
  rollout(id: string): Promise<RolloutRecord>;
  /** Oldest first. */
  rollouts(): Promise<RolloutRecord[]>;
  /** In the order of the plan. */
  rolloutTenants(rollout: string): Promise<RolloutTenantRecord[]>;
  /** For pause and cancel: takes effect when whoever runs it looks. */
  askRollout(rollout: string, wanted: RolloutRecord['wanted']): Promise<void>;
  /**
   * Called by whoever runs it from now on: a new epoch, in which what an earlier one left running, or for later, waits
   * to be begun again, and what was asked of the earlier one no longer holds. `retry`: those that failed wait, too.
   */
  takeRollout(rollout: string, options: { retry: boolean }): Promise<RolloutRecord>;
  /**
   * Before anything is done to the tenant. null = it is done, or skipped, already.
   * @throws CONFLICT when another chp has taken the rollout over
   */
  beginRolloutTenant(rollout: string, epoch: number, tenant: string): Promise<number | null>;
  /** @throws CONFLICT when it was begun again meanwhile */
  endRolloutTenant(rollout: string, tenant: string, attempt: number, end: TenantEnd): Promise<void>;
  /** The look after the soak. @throws CONFLICT as `beginRolloutTenant` */
  checkedRolloutTenant(rollout: string, epoch: number, tenant: string, failure: string | null): Promise<void>;
  /** @throws CONFLICT as `beginRolloutTenant` */
  endRollout(
    rollout: string,
    epoch: number,
    state: Exclude<RolloutState, 'running'>,
    reason: string | null,
  ): Promise<void>;
}

export type LockRollout = (
  rollout: string,
  what: string,
  options: { waitMs: number; onWait?: (holder: LockHolder) => void },
) => Promise<HeldLock>;
