import { type Context, PAID_BY } from '../expressions/evaluate.ts';
import type { Allowance } from '../expressions/meter.ts';
import type { PlannedEffect, RunInput, RunPorts, StepRecord } from './ports.ts';

/** Steps of one run, those in loops each time; a run’s history has a bound. */
export const MAX_STEPS = 1000;
/** Elements of one `for-each`. */
export const MAX_ITEMS = 100;

export interface StepState {
  status: 'success' | 'failed' | 'skipped';
  output: unknown;
}

/** One run while it goes on. */
export interface Running {
  readonly input: RunInput;
  readonly ports: RunPorts;
  readonly steps: Record<string, StepState>;
  readonly records: StepRecord[];
  readonly allowance: Allowance;
  /** Filled by a dry run. */
  readonly planned: PlannedEffect[];
  count: number;
}

/** Where in the run a step stands. */
export interface Frame {
  readonly outer: Frame | null;
  /** Before the id in a step’s path: `both/0/`. */
  readonly prefix: string;
  readonly item?: { value: unknown };
  readonly failure?: { message: string; kind: string };
  /** An `approve` in this list of steps said yes. */
  approved: boolean;
}

export function frameIn(outer: Frame | null, more: Partial<Omit<Frame, 'outer' | 'approved'>> = {}): Frame {
  return {
    outer,
    prefix: outer?.prefix ?? '',
    ...(outer?.item ? { item: outer.item } : {}),
    ...(outer?.failure ? { failure: outer.failure } : {}),
    ...more,
    approved: false,
  };
}

export const isApproved = (frame: Frame | null): boolean =>
  frame !== null && (frame.approved || isApproved(frame.outer));

/** What expressions see at a step. */
export function contextOf({ input, ports, steps, allowance }: Running, frame: Frame): Context {
  const { name, timezone, members } = input.tenant;
  return {
    inputs: input.inputs,
    steps,
    tenant: { name, timezone },
    members,
    trigger: input.trigger,
    now: iso(ports.now()),
    run: { id: ports.run },
    [PAID_BY]: allowance,
    ...(frame.item ? { item: frame.item.value } : {}),
    ...(frame.failure ? { failure: frame.failure } : {}),
  };
}

export const iso = (ms: number): string => new Date(ms).toISOString();
