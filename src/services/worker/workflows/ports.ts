import {
  condition,
  executeChild,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Decision, RunInput, RunPorts, RunResult, VerbCall } from '../../../packs/interpret/ports.ts';
import type { Activities, ChildRun } from '../activities/types.ts';
import { verbFailure } from './failures.ts';
import { decideSignal, memoOf, RUN_PACK } from './names.ts';
import { VerbFailure } from './shared.ts';

/** How long a worker may be silent before what it did is given to another one. */
const HEARTBEAT_TIMEOUT = '10s';
/** An activity ends by its own deadline; this is for one that does not. */
const DEADLINE_MARGIN_MS = 15_000;
/** Attempts beside the pack's own: a worker that was killed is no fault of the other side's. */
const EXTRA_ATTEMPTS = 20;
const LOAD_MS = 30_000;

/** A run's surroundings, by Temporal: all of it deterministic on replay. */
export function temporalPorts(input: RunInput): RunPorts {
  const run = workflowInfo().workflowId;
  const decided: Decision[] = [];
  setHandler(decideSignal, (decision) => {
    decided.push(decision);
  });
  return {
    run,
    now: () => Date.now(),
    sleep: (ms) => sleep(ms),
    act: async (call) => {
      try {
        return await activity(call);
      } catch (error) {
        throw verbFailure(error);
      }
    },
    decisions: async (envelope, deadline, enough) => {
      const of = () => decided.filter((decision) => decision.envelope === envelope);
      await condition(() => enough(of()), Math.max(1, deadline - Date.now()));
      return of();
    },
    runPack: (pack, inputs, path) => runChild(input, run, pack, inputs, path),
  };
}

function activity(call: VerbCall): Promise<unknown> {
  const { attempts, delayMs, backoff } = call.retry;
  const verbs = proxyActivities<Record<string, (call: VerbCall) => Promise<unknown>>>({
    startToCloseTimeout: call.timeoutMs + DEADLINE_MARGIN_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: { initialInterval: delayMs, backoffCoefficient: backoff, maximumAttempts: attempts + EXTRA_ATTEMPTS },
  });
  return (verbs[call.verb] as (call: VerbCall) => Promise<unknown>)(call);
}

/** The other pack as it is installed now; its own run, listed and looked at as any. */
async function runChild(
  input: RunInput,
  run: string,
  pack: string,
  inputs: Record<string, unknown>,
  path: string,
): Promise<RunResult> {
  const { loadPack } = proxyActivities<Pick<Activities, 'loadPack'>>({
    startToCloseTimeout: LOAD_MS,
    retry: { maximumAttempts: EXTRA_ATTEMPTS },
  });
  let child: ChildRun;
  try {
    child = await loadPack({ run, path, pack, inputs, dryRun: input.dryRun ?? false });
  } catch (error) {
    throw verbFailure(error);
  }
  return executeChild<(input: RunInput) => Promise<RunResult>>(RUN_PACK, {
    workflowId: child.run,
    args: [child.input],
    typedSearchAttributes: workflowInfo().typedSearchAttributes,
    memo: memoOf(child.input),
  }).catch((error: unknown) => {
    if (isCancellation(error)) throw error;
    throw new VerbFailure('unavailable', `the run ${child.run} was stopped: ${(error as Error).message}`);
  });
}
