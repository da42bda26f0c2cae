import { setHandler } from '@temporalio/workflow';
import type { RunInput, RunResult, StepRecord } from '../../../packs/interpret/ports.ts';
import { stepsQuery } from './names.ts';
import { temporalPorts } from './ports.ts';
import { runPack as interpret } from './shared.ts';

/** The workflow: the interpreter over Temporal. */
export async function runPack(input: RunInput): Promise<RunResult> {
  let records: readonly StepRecord[] = [];
  setHandler(stepsQuery, () => [...records]);
  const watch = (growing: readonly StepRecord[]) => {
    records = growing;
  };
  return interpret(input, { ...temporalPorts(input), watch });
}
