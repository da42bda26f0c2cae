/** Operations that can be rolled out, and what they are given beside the tenant: plain JSON, as it is kept. */
export interface RolloutOperation {
  name: string;
  options: Record<string, unknown>;
  /**
   * What each tenant is given as `target`, decided once, so that a second beginning means the same. Where there are such, who
   * has none has no part in it.
   */
  targets?: Record<string, string>;
}

/** What is the same for a rollout's whole life. Shares are numbers of tenants here. */
export interface RolloutSpec {
  operation: RolloutOperation;
  /** As it was asked for: a selector, or null for all. */
  selector: string | null;
  executor: 'local' | 'temporal';
  /** What each wave is, by its number: `canaries`, `ring stable 2 of 3`. */
  waves: string[];
  /** Size of the canary wave; until one tenant is done, no more than this are changed at a time. 0 = none. */
  canary: number;
  /** More failures than this halt it; of a canary, any. */
  maxFailures: number;
  /** After each wave; then its tenants are looked at again. 0 = neither. */
  soakMs: number;
  /** Each tenant begins by chance so much later at most. */
  jitterMs: number;
  seed: number;
  atOnce: number;
  /** Windows, quiet hours and pauses of families are not looked at. */
  ignoreWindows: boolean;
  /** Stay until the windows of those that were outside theirs have opened. */
  waitForWindows: boolean;
}
