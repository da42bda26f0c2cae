import type { StepHandle } from '../../core/ports/progress.ts';
import type { Context } from '../context.ts';

/** A context that says nothing: checks are told as they come, and steps drawn between them would be in the way. */
export function quietly(context: Context): Context {
  const silent: StepHandle = {
    step: (_, work) => work(silent),
    note: () => {},
    warn: () => {},
    update: () => {},
    says: () => {},
  };
  return { ...context, progress: silent };
}
