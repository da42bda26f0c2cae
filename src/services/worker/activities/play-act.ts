import { ApplicationFailure } from '@temporalio/activity';
import type { Recorded } from './types.ts';

/** Gives what is recorded, a failure as the last attempt would end. */
export async function playAct(recorded: Recorded): Promise<unknown> {
  if ('result' in recorded) return recorded.result;
  const { kind, message } = recorded.failure;
  throw ApplicationFailure.create({ type: kind, message, nonRetryable: true });
}
