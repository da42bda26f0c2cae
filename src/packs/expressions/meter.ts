import { ExpressionError, LIMITS } from './limits.ts';

/**
 * Counts what an evaluation does, so that its time and memory have a bound whatever the values are. Evaluation is
 * synchronous, hence one meter.
 */
let left: number = LIMITS.work;
let weights = new WeakMap<object, number>();

/** Characters of an expression that cost about as much as going on to the next element. */
const STEP_SIZE = 60;

/** What a run may still compute before it waits for something. */
export interface Allowance {
  left: number;
}

export const allowance = (): Allowance => ({ left: LIMITS.stretch });

/** Runs an evaluation with a full meter. `size`: characters of the expression. @throws ExpressionError */
export function metered<T>(evaluate: () => T, size: number, run?: Allowance): T {
  if (run && run.left < 0) throw new ExpressionError('the run computes without end');
  left = LIMITS.work;
  weights = new WeakMap();
  try {
    return evaluate();
  } finally {
    weights = new WeakMap();
    if (run) run.left -= (LIMITS.work - left) * (1 + size / STEP_SIZE);
  }
}

/** Charges a value that was made or will be gone through, and refuses one over the caps. @returns it */
export function tick(value: unknown): unknown {
  if (typeof value === 'string' && value.length > LIMITS.text)
    throw new ExpressionError(`it makes a text of more than ${LIMITS.text} characters`);
  if (Array.isArray(value) && value.length > LIMITS.list)
    throw new ExpressionError(`it goes through or makes a list of more than ${LIMITS.list} elements`);
  left -= weightOf(value);
  if (left < 0) throw new ExpressionError('it takes too much work on these values');
  return value;
}

function weightOf(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length / 32;
  if (typeof value !== 'object' || value === null) return 1;
  const known = weights.get(value);
  if (known !== undefined) return known;
  let weight = 1;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    weight += weightOf(inner);
    if (weight > LIMITS.work) break;
  }
  weights.set(value, weight);
  return weight;
}
