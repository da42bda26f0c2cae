import type { Writable } from 'node:stream';
import chalk from 'chalk';
import type { Progress, StepHandle } from '../core/ports/progress.ts';
import type { Redactor } from '../core/redact.ts';

/** Says nothing: for --json and --quiet. */
export function silentProgress(): Progress {
  const handle: StepHandle = {
    step: (_, work) => work(handle),
    note: () => {},
    warn: () => {},
    update: () => {},
    says: () => {},
  };
  return handle;
}

/** Says the same without the secrets that `redactor` knows. */
export function redactedProgress(progress: Progress, redactor: Redactor): Progress {
  const of = (inner: Progress): Progress => ({
    note: (text) => inner.note(redactor.text(text)),
    warn: (text) => inner.warn(redactor.text(text)),
    step: (title, work) =>
      inner.step(redactor.text(title), (step) =>
        work({ ...of(step), update: step.update, says: (text) => step.says(redactor.text(text)) }),
      ),
  });
  return of(progress);
}

/** One line when a step begins to matter and one when it ends: for pipelines and logs. */
export function plainProgress(out: Writable): Progress {
  const at = (depth: number): StepHandle => {
    const line = (text: string): void => {
      out.write(`${'  '.repeat(depth)}${text}\n`);
    };
    return {
      note: (text) => line(text),
      warn: (text) => line(`warning: ${text}`),
      update: () => {},
      says: () => {},
      async step(title, work) {
        line(`${title} …`);
        const started = performance.now();
        let said = '';
        const inner = at(depth + 1);
        const result = await work({
          ...inner,
          says: (text) => {
            said = text;
          },
        }).catch((error: unknown) => {
          line(`${title}: failed after ${seconds(started)}`);
          throw error;
        });
        line(`${title}: done in ${seconds(started)}${said ? ` (${said})` : ''}`);
        return result;
      },
    };
  };
  return at(0);
}

export function seconds(since: number): string {
  const passed = (performance.now() - since) / 1000;
  return passed < 10 ? `${passed.toFixed(1)} s` : `${Math.round(passed)} s`;
}

/** How far: `12.3 of 45.0 MB`. */
export function howFar(done: number, total: number, unit: string): string {
  if (total > 1_000_000 || unit === 'bytes')
    return `${(done / 1e6).toFixed(1)}${total > 0 ? ` of ${(total / 1e6).toFixed(1)}` : ''} MB`;
  return `${done}${total > 0 ? ` of ${total}` : ''} ${unit}`;
}

export const slow = (text: string): string => chalk.yellow(text);
