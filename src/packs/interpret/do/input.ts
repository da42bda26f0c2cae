import { valueProblems } from '../../check-value.ts';
import { StepFailure } from '../failure.ts';

/** @throws StepFailure naming what is wrong */
export function assertInput(what: string, schema: Parameters<typeof valueProblems>[0], given: unknown): void {
  const problems = valueProblems(schema, given);
  if (problems.length > 0)
    throw new StepFailure('needs-info', `${what}: ${problems.map(({ message }) => message).join('; ')}`);
}

/** An input that is not set is null: it is left out. */
export const withoutNulls = (given: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
