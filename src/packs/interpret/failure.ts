import { VerbFailure, type VerbFailureKind } from '../../core/ports/automation.ts';
import { ExpressionError } from '../expressions/limits.ts';
import type { RunStatus } from '../schema.ts';

/** A step that failed. Steps around it may deal with it by their `on-failure`. */
export class StepFailure extends Error {
  readonly kind: VerbFailureKind | 'expression';
  /** What happened, without where. */
  readonly reason: string;
  readonly #located: boolean;

  constructor(kind: StepFailure['kind'], reason: string, path?: string) {
    super(path === undefined ? reason : `${path}: ${reason}`);
    this.name = 'StepFailure';
    this.kind = kind;
    this.reason = reason;
    this.#located = path !== undefined;
  }

  /** The same, of the innermost step that it is said of first. */
  at(path: string): StepFailure {
    return this.#located ? this : new StepFailure(this.kind, this.reason, path);
  }
}

/** Ends the run at once, whatever `on-failure` says around it. */
export class RunEnd extends Error {
  readonly status: Exclude<RunStatus, 'success'>;

  constructor(status: RunEnd['status'], reason: string) {
    super(reason);
    this.name = 'RunEnd';
    this.status = status;
  }
}

/** What a step may fail with. Anything else (a cancellation, a fault of the worker) is not the pack’s to deal with. */
export function failureOf(error: unknown): StepFailure {
  if (error instanceof StepFailure) return error;
  if (error instanceof VerbFailure) return new StepFailure(error.kind, error.message);
  if (error instanceof ExpressionError) return new StepFailure('expression', error.message);
  throw error;
}

/** How a run ends that such a failure ends. */
export const statusOf = (kind: StepFailure['kind']): RunEnd['status'] =>
  kind === 'needs-info' ? 'needs-info' : 'blocked';
