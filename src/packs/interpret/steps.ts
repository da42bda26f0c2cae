import { mentions } from '../expressions/check.ts';
import { evaluate, evaluateCondition } from '../expressions/evaluate.ts';
import { ExpressionError } from '../expressions/limits.ts';
import { bareExpression } from '../expressions/template.ts';
import type { PackStep } from '../schema.ts';
import { nestedSteps } from '../walk.ts';
import { doVerb } from './do/index.ts';
import { failureOf, RunEnd, StepFailure } from './failure.ts';
import { contextOf, type Frame, frameIn, iso, MAX_ITEMS, MAX_STEPS, type Running, type StepState } from './state.ts';
import { wait } from './wait.ts';

const SKIPPED: StepState = { status: 'skipped', output: null };

/** Until a step has run, expressions see it as skipped. */
export function forget(running: Running, steps: readonly PackStep[]): void {
  for (const step of steps) {
    running.steps[step.id] = SKIPPED;
    forget(running, nestedSteps(step));
  }
}

/** A list of steps in order. @throws StepFailure, RunEnd */
export async function runSteps(running: Running, steps: readonly PackStep[], frame: Frame): Promise<void> {
  for (const step of steps) {
    const path = frame.prefix + step.id;
    const once = step['for-each'] === undefined;
    running.steps[step.id] = once
      ? await runOnce(running, step, frame, path)
      : await runEach(running, step, frame, path);
  }
}

async function runEach(running: Running, step: PackStep, frame: Frame, path: string): Promise<StepState> {
  const listed = await attempt(running, step, frame, path, async () => {
    const context = contextOf(running, frame);
    if (step.if !== undefined && !mentions(step.if, 'item') && !evaluateCondition(step.if, context)) return null;
    return listOf(evaluate(bareExpression(step['for-each'] as string).source, context));
  });
  if (listed === FAILED) return { status: 'failed', output: null };
  if (listed === null) return skip(running, step, path);
  const outputs: unknown[] = [];
  let status: StepState['status'] = 'success';
  for (const [index, value] of listed.entries()) {
    forget(running, nestedSteps(step));
    const ended = await runOnce(running, step, frameIn(frame, { item: { value } }), `${path}[${index}]`);
    if (ended.status === 'failed') status = 'failed';
    outputs.push(ended.output);
  }
  return { status, output: outputs };
}

async function runOnce(running: Running, step: PackStep, frame: Frame, path: string): Promise<StepState> {
  if (++running.count > MAX_STEPS) throw new RunEnd('blocked', `the run has more than ${MAX_STEPS} steps`);
  const began = running.ports.now();
  const output = await attempt(running, step, frame, path, async () => {
    if (step.if !== undefined && !evaluateCondition(step.if, contextOf(running, frame))) return SKIPPED;
    return perform(running, step, frame, path);
  });
  if (output === FAILED) return { status: 'failed', output: null };
  if (output === SKIPPED) return skip(running, step, path);
  record(running, step, path, 'success', began, null);
  return { status: 'success', output };
}

const FAILED = Symbol('failed');

/** Does something of a step; when it fails, what `on-failure` says. @throws StepFailure, RunEnd when that ends more than the step */
async function attempt<T>(
  running: Running,
  step: PackStep,
  frame: Frame,
  path: string,
  work: () => Promise<T>,
): Promise<T | typeof FAILED> {
  const began = running.ports.now();
  try {
    return await work();
  } catch (error) {
    const failure = failureOf(error).at(path);
    record(running, step, path, 'failed', began, failure.reason);
    await dealWith(running, step, frame, path, failure);
    return FAILED;
  }
}

async function dealWith(running: Running, step: PackStep, frame: Frame, path: string, failure: StepFailure) {
  const policy = step['on-failure'] ?? 'fail';
  if (typeof policy === 'object') {
    // So that the steps there see how it stands.
    running.steps[step.id] = { status: 'failed', output: null };
    const { reason: message, kind } = failure;
    await runSteps(running, policy.steps, frameIn(frame, { failure: { message, kind }, prefix: `${path}/failure/` }));
  }
  const outcome = typeof policy === 'object' ? policy.outcome : policy;
  if (outcome === 'soft-fail') throw new RunEnd('soft-fail', failure.message);
  if (outcome === 'fail') throw failure;
}

async function perform(running: Running, step: PackStep, frame: Frame, path: string): Promise<unknown> {
  if (step.wait) return wait(running, step.wait, frame);
  if (step.steps) {
    const inner = frameIn(frame, { prefix: `${path}/` });
    await runSteps(running, step.steps, inner);
    frame.approved ||= inner.approved;
    return outputsOf(running, step.steps);
  }
  if (step.parallel) {
    const frames = step.parallel.map((_, index) => frameIn(frame, { prefix: `${path}/${index}/` }));
    const ends = await Promise.allSettled(
      step.parallel.map((branch, index) => runSteps(running, branch, frames[index] as Frame)),
    );
    const reasons = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    if (reasons.length > 0) throw worst(reasons);
    frame.approved ||= frames.some((inner) => inner.approved);
    return outputsOf(running, step.parallel.flat());
  }
  return doVerb(running, step, frame, path);
}

/** Of several branches that failed: what is not the pack’s to deal with, then what ends the run, then the first. */
function worst(reasons: readonly unknown[]): unknown {
  const rank = (reason: unknown): number => (reason instanceof StepFailure ? 2 : reason instanceof RunEnd ? 1 : 0);
  return [...reasons].sort((a, b) => rank(a) - rank(b))[0];
}

const outputsOf = ({ steps }: Running, of: readonly PackStep[]): Record<string, unknown> =>
  Object.fromEntries(of.map(({ id }) => [id, steps[id]?.output ?? null]));

function skip(running: Running, step: PackStep, path: string): StepState {
  record(running, step, path, 'skipped', running.ports.now(), null);
  return SKIPPED;
}

function record(
  { records, ports, input }: Running,
  step: PackStep,
  path: string,
  status: StepState['status'],
  began: number,
  message: string | null,
): void {
  const uses = step.uses ?? (step.wait ? 'wait' : step.parallel ? 'parallel' : 'steps');
  const said = message ?? (input.dryRun && status === 'success' && step.uses ? 'dry run' : null);
  records.push({ path, uses, status, began: iso(began), ms: ports.now() - began, message: said });
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new ExpressionError('`for-each` must give a list');
  if (value.length > MAX_ITEMS) throw new ExpressionError(`\`for-each\` gives more than ${MAX_ITEMS} elements`);
  return value;
}
