import { setHandler } from '@temporalio/workflow';
import type { RunInput, RunPorts, RunResult, StepRecord } from '../../../packs/interpret/ports.ts';
import { stepsQuery } from './names.ts';
import { temporalPorts } from './ports.ts';

export type Interpret = (input: RunInput, ports: RunPorts) => Promise<RunResult>;

/** The workflow: an interpreter over Temporal. */
export function runPackBy(interpret: Interpret): (input: RunInput) => Promise<RunResult> {
  return async (input) => {
    let records: readonly StepRecord[] = [];
    setHandler(stepsQuery, () => [...records]);
    const watch = (growing: readonly StepRecord[]) => {
      records = growing;
    };
    return interpret(input, { ...temporalPorts(input), watch });
  };
}
