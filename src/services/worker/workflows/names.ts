import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Decision, RunInput, StepRecord } from '../../../packs/interpret/ports.ts';

/** What the worker and its workflows call each other by. */
export const RUN_PACK = 'runPack';
export const decideSignal = defineSignal<[Decision]>('decide');
export const stepsQuery = defineQuery<StepRecord[]>('steps');

/** What a list of runs shows of one without reading its history. */
export const memoOf = ({ pack, trigger }: RunInput): { version: string; trigger: string } => ({
  version: pack.version,
  trigger: trigger.kind,
});
