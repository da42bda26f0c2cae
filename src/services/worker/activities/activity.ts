import { ApplicationFailure, Context } from '@temporalio/activity';
import { type CallOptions, VerbFailure } from '../../../core/ports/automation.ts';
import type { VerbCall } from '../../../packs/interpret/ports.ts';
import { log } from '../log.ts';

const HEARTBEAT_MS = 3_000;
/** How often beside its own attempts a call that was told to slow down is tried again. */
const RATE_LIMIT_ATTEMPTS = 5;
/** Longer waits are the pack's own business. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;

/** How an act is done: with its deadline, a sign of life for long ones, and failures as the interpreter knows them. */
export function activity(
  work: (call: VerbCall, options: CallOptions) => Promise<unknown>,
): (call: VerbCall) => Promise<unknown> {
  return async (call) => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
    const deadline = AbortSignal.timeout(call.timeoutMs);
    const signal = AbortSignal.any([deadline, context.cancellationSignal]);
    try {
      return await Promise.race([work(call, { key: call.key, signal }), late(deadline, call), context.cancelled]);
    } catch (error) {
      throw asFailure(error, call, context.info.attempt);
    } finally {
      clearInterval(beat);
    }
  };
}

/** For what does not heed its signal. */
function late(deadline: AbortSignal, call: VerbCall): Promise<never> {
  return new Promise((_, reject) => {
    deadline.addEventListener(
      'abort',
      () => reject(new VerbFailure('unavailable', `${call.verb} did not end within ${call.timeoutMs / 1000} s`)),
      { once: true },
    );
  });
}

/** Only `unavailable` and `rate-limited` are tried again, as often as the pack says; Temporal's own attempts are more. */
function asFailure(error: unknown, call: VerbCall, attempt: number): unknown {
  if (error instanceof Error && error.name === 'CancelledFailure') return error;
  const failure = error instanceof VerbFailure ? error : new VerbFailure('unavailable', (error as Error).message);
  const { kind, message, retryAfterMs } = failure;
  const attempts = call.retry.attempts + (kind === 'rate-limited' ? RATE_LIMIT_ATTEMPTS : 0);
  const again = failure.retryable && attempt < attempts && (retryAfterMs ?? 0) <= MAX_RETRY_AFTER_MS;
  log(again ? 'info' : 'warn', 'act-failed', { run: call.run, path: call.path, verb: call.verb, kind, message, again });
  return ApplicationFailure.create({
    type: kind,
    message,
    nonRetryable: !again,
    ...(again && retryAfterMs !== undefined ? { nextRetryDelay: retryAfterMs } : {}),
  });
}
