import type { CompiledPack } from '../compiled.ts';
import type { RunStatus } from '../schema.ts';

/** A member as expressions and verbs see one; contacts stay with the notifier. */
export interface RunMember {
  id: string;
  name: string;
  role: string;
}

/** What a run begins with: everything that decides its course, so that a replay takes the same one. */
export interface RunInput {
  tenant: { name: string; timezone: string; members: RunMember[] };
  pack: CompiledPack;
  /** Resolved: defaults filled in, types checked. */
  inputs: Record<string, unknown>;
  trigger: { kind: 'schedule' | 'webhook' | 'message' | 'event' | 'manual' | 'pack'; by: string; payload: unknown };
  /** Of a per-member schedule. */
  item?: unknown;
  /** Verbs with an effect are only said, not done. */
  dryRun?: boolean;
}

export interface RunResult {
  status: RunStatus;
  outputs: Record<string, unknown>;
  /** One sentence: why it is not a success. */
  reason: string | null;
  steps: StepRecord[];
  /** Of a dry run: what it would have done, in order. */
  planned?: PlannedEffect[];
}

/** An effect that a dry run only says. */
export interface PlannedEffect {
  path: string;
  verb: string;
  /** Expressions evaluated. */
  with: Record<string, unknown>;
}

export interface StepRecord {
  /** `brief`, `tell[2]` (for-each), `both/0/left` (a branch). */
  path: string;
  uses: string;
  status: 'success' | 'failed' | 'skipped';
  /** ISO 8601. */
  began: string;
  ms: number;
  message: string | null;
}

/** One call of a verb that leaves the interpreter. Plain JSON. */
export interface VerbCall {
  verb: string;
  path: string;
  /** `<run>/<path>`: the same on every attempt and after every crash; effects happen once a key. */
  key: string;
  run: string;
  tenant: string;
  pack: { id: string; version: string; requires: NonNullable<CompiledPack['requires']> };
  /** Expressions evaluated, input checked. */
  with: Record<string, unknown>;
  /** Of one attempt. */
  timeoutMs: number;
  retry: { attempts: number; delayMs: number; backoff: number };
  dryRun: boolean;
}

/** What a person answered to an envelope. */
export interface Decision {
  envelope: string;
  /** Member id. */
  by: string;
  verdict: 'approve' | 'deny' | 'acknowledge' | 'override';
  /** ISO 8601. */
  at: string;
  comment?: string;
}

/** What surrounds a run: Temporal in the worker, a table of answers in unit tests. Everything is deterministic on replay. */
export interface RunPorts {
  /** @throws VerbFailure (see core/ports/automation.ts) */
  act(call: VerbCall): Promise<unknown>;
  sleep(ms: number): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Decisions on an envelope so far, as soon as `enough` says so, or at `deadline` (ms since the epoch). */
  decisions(
    envelope: string,
    deadline: number,
    enough: (decisions: readonly Decision[]) => boolean,
  ): Promise<readonly Decision[]>;
  /** Starts another installed pack and waits for its end. */
  runPack(pack: string, inputs: Record<string, unknown>, path: string): Promise<RunResult>;
  /** Given once, at the start: the records of the steps, which grow as they end. */
  watch?(records: readonly StepRecord[]): void;
  /** This run's id. */
  readonly run: string;
}
