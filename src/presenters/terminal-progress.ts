import { Listr, type ListrTaskWrapper } from 'listr2';
import type { Progress, StepHandle } from '../core/ports/progress.ts';
import { howFar, seconds, slow } from './progress.ts';

const SLOW_MS = 10_000;
const TICK_MS = 500;

/** Steps drawn by listr2, with what is slow and how far it is. */
export function terminalProgress(): Progress {
  return {
    step: (title, work) => runTask(title, work),
    note: (text) => process.stderr.write(`${text}\n`),
    warn: (text) => process.stderr.write(`${slow('warning:')} ${text}\n`),
  };
}

async function runTask<T>(title: string, work: (step: StepHandle) => Promise<T>): Promise<T> {
  let result: T | undefined;
  const list = new Listr(
    [
      {
        title,
        task: async (_, task) => {
          result = await timed(title, task, work);
        },
      },
    ],
    {
      renderer: 'default',
      rendererOptions: { collapseErrors: false, showErrorMessage: false },
      registerSignalListeners: false,
    },
  );
  await list.run();
  return result as T;
}

async function timed<T>(
  title: string,
  task: ListrTaskWrapper<unknown, never, never>,
  work: (step: StepHandle) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const ticker = setInterval(() => {
    if (performance.now() - started > SLOW_MS) task.title = `${title} ${slow(`(${seconds(started)})`)}`;
  }, TICK_MS);
  let said = '';
  const handle: StepHandle = {
    // One level is drawn; what happens inside shows as the step's own line.
    step: async (inner, run) => {
      task.output = inner;
      return run(handle);
    },
    note: (text) => {
      task.output = text;
    },
    warn: (text) => {
      task.output = `${slow('warning:')} ${text}`;
    },
    update: (done, total, unit) => {
      task.output = howFar(done, total, unit);
    },
    says: (text) => {
      said = text;
      task.output = text;
    },
  };
  try {
    return await work(handle);
  } finally {
    clearInterval(ticker);
    task.title = `${title}${said ? `: ${said}` : ''} (${seconds(started)})`;
  }
}
