import { renderValue } from '../expressions/evaluate.ts';
import { ExpressionError } from '../expressions/limits.ts';
import { type Allowance, allowance } from '../expressions/meter.ts';
import { RunEnd, StepFailure, statusOf } from './failure.ts';
import type { RunInput, RunPorts, RunResult } from './ports.ts';
import { contextOf, type Frame, frameIn, type Running } from './state.ts';
import { forget, runSteps } from './steps.ts';

/**
 * Runs a pack to its end. Pure and deterministic: the same input and the same answers of the ports take the same course.
 * Faults that are not the pack’s (a cancellation, say) are thrown on.
 */
export async function runPack(input: RunInput, ports: RunPorts): Promise<RunResult> {
  const paid = allowance();
  const running: Running = {
    input,
    ports: renewing(ports, paid),
    steps: {},
    records: [],
    planned: [],
    count: 0,
    allowance: paid,
  };
  ports.watch?.(running.records);
  forget(running, input.pack.steps);
  // A run that was started by hand has no item, where a schedule would have given it one.
  const perItem = input.pack.triggers.some((trigger) => trigger['for-each'] !== undefined);
  const frame = frameIn(null, perItem ? { item: { value: input.item ?? null } } : {});
  const end = await ending(running, frame);
  const { records: steps, planned } = running;
  const went = { steps, ...(input.dryRun ? { planned } : {}) };
  if (end) return { status: end.status, outputs: outputs(running, frame, false), reason: end.message, ...went };
  try {
    return { status: 'success', outputs: outputs(running, frame, true), reason: null, ...went };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { status: 'blocked', outputs: {}, reason: `outputs: ${error.message}`, ...went };
  }
}

/** Whoever begins to wait for something may compute as much again. Adds no turn of its own: histories stay as they are. */
function renewing(ports: RunPorts, paid: Allowance): RunPorts {
  const renewed =
    <A extends unknown[], T>(wait: (...args: A) => T) =>
    (...args: A): T => {
      Object.assign(paid, allowance());
      return wait(...args);
    };
  return {
    run: ports.run,
    now: () => ports.now(),
    act: renewed((call) => ports.act(call)),
    sleep: renewed((ms) => ports.sleep(ms)),
    decisions: renewed((envelope, deadline, enough) => ports.decisions(envelope, deadline, enough)),
    runPack: renewed((pack, inputs, path) => ports.runPack(pack, inputs, path)),
  };
}

/** null = every step went well. */
async function ending(running: Running, frame: Frame): Promise<RunEnd | null> {
  try {
    await runSteps(running, running.input.pack.steps, frame);
    return null;
  } catch (error) {
    if (error instanceof RunEnd) return error;
    if (error instanceof StepFailure) return new RunEnd(statusOf(error.kind), error.message);
    throw error;
  }
}

/** Of a run that did not go well: what can be said, null for the rest. */
function outputs(running: Running, frame: Frame, all: boolean): Record<string, unknown> {
  const context = contextOf(running, frame);
  return Object.fromEntries(
    Object.entries(running.input.pack.outputs ?? {}).map(([name, value]) => {
      try {
        return [name, renderValue(value, context)];
      } catch (error) {
        if (all || !(error instanceof ExpressionError)) throw error;
        return [name, null];
      }
    }),
  );
}
