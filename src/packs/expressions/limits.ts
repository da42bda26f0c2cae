/** What one expression may be and do. A pack can neither hold the worker up nor fill its memory. */
export const LIMITS = {
  /** Characters of the source. */
  source: 2000,
  nodes: 300,
  depth: 30,
  /** Elements of a list or map that is written down, and arguments of a call. */
  literal: 100,
  arguments: 8,
  /** Elements of a list that is gone through, joined or made. */
  list: 1000,
  /** Characters of a text that is made. */
  text: 64 * 1024,
  /** Elements visited, and 32 characters each, in one evaluation. */
  work: 250_000,
  /** The same of all evaluations of a run between two waits, longer expressions counting more: some seconds at most. */
  stretch: 4_000_000,
} as const;

/** An expression that is not allowed, or that can't be evaluated on these values. */
export class ExpressionError extends Error {
  /** Offset in the expression’s source. */
  readonly offset: number;

  constructor(message: string, offset = 0) {
    super(message);
    this.name = 'ExpressionError';
    this.offset = offset;
  }
}
