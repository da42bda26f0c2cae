import type { ActivationStep } from './agent-protocol.ts';
import type { Digest } from './digest.ts';

/** One generation as it lies on a host. Times are ISO 8601. */
export interface HostGeneration {
  digest: Digest;
  /** `clawdbot@…`; null where its manifest is damaged or only what it left behind is there. */
  runtime: string | null;
  /** When its folder was written; null = it is gone, and only its failure is kept. */
  stagedAt: string | null;
  /** Its folder, every object and every tree it needs are there: it can be activated without being sent. */
  complete: boolean;
  current: boolean;
  /** The one that `rollback` goes to unless told otherwise. */
  lastProven: boolean;
  pinned: boolean;
  /** When it last became what runs, with every check passed; null = never. */
  provenAt: string | null;
  /** When the state from before it was kept, as it came with another program than what ran; null = it was not. */
  stateFrom: string | null;
  failure: GenerationFailure | null;
}

/** Why an activation went back. The logs lie on the host, beside the generations. */
export interface GenerationFailure {
  at: string;
  /** Last step that ended; null = none. */
  step: ActivationStep | null;
  reason: string;
  /** Names of the kept logs. */
  logs: string[];
}

export interface HostGenerations {
  tenant: string;
  /** How many are kept, the one that runs included. */
  keep: number;
  current: Digest | null;
  lastProven: Digest | null;
  /** Newest first. */
  generations: HostGeneration[];
}

/** What a rollback would do to the gateway's state. */
export interface RewindPlan {
  generation: Digest;
  /** Another program than the one that runs: what happens to its state has to be said. */
  runtimeChanges: boolean;
  /** The older program can't read what the newer one made of the state. */
  irreversible: boolean;
  /** What `--restore-state` would put back; null = there is none. */
  snapshot: { before: Digest; at: string; lost: LostHistory; carried: string[] } | null;
}

/** What was said since a snapshot and would be gone with its restore. null = it lies there in a form that can't be counted. */
export type LostHistory = { sessions: number; messages: number } | null;

/** What `prune` removed, or with `dryRun` would remove. */
export interface PruneResult {
  removed: Digest[];
  kept: Digest[];
}

/** Generations kept on a host, the one that runs included, where the tenant's document says nothing. */
export const DEFAULT_KEEP = 3;
