import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { VERB_FAILURES, VerbFailure, type VerbFailureKind } from './shared.ts';

/** What an activity's end means to the interpreter. A cancelled run stays cancelled: no step may take it as its own failure. */
export function verbFailure(error: unknown): unknown {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure && isKind(cause.type)) return new VerbFailure(cause.type, cause.message);
  if (cause instanceof TimeoutFailure)
    return new VerbFailure('unavailable', 'it did not end in its time, however often it was tried');
  return new VerbFailure('unavailable', cause?.message ?? error.message);
}

const isKind = (type: string | undefined | null): type is VerbFailureKind =>
  (VERB_FAILURES as readonly string[]).includes(type ?? '');
