import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Decision, StepRecord } from '../../../packs/interpret/ports.ts';

/** What the worker and its workflows call each other by. */
export const RUN_PACK = 'runPack';
export const decideSignal = defineSignal<[Decision]>('decide');
export const stepsQuery = defineQuery<StepRecord[]>('steps');
