import type { StepHandle } from '../../src/core/ports/progress.ts';

/** A progress that keeps what was said, for tests to look at. */
export function recordedProgress(): StepHandle & { lines: string[] } {
  const lines: string[] = [];
  const progress: StepHandle & { lines: string[] } = {
    lines,
    step: (title, work) => {
      lines.push(`step ${title}`);
      return work(progress);
    },
    note: (text) => lines.push(`note ${text}`),
    warn: (text) => lines.push(`warn ${text}`),
    says: (text) => lines.push(`says ${text}`),
    update: () => {},
  };
  return progress;
}
