import { DefaultLogger, type LogEntry, type Logger } from '@temporalio/worker';
import { type LogLevel, log } from './log.ts';

/** A workflow task may compute this long at a stretch; what takes longer is a loop. */
export const TASK_LIMIT_MS = 2_000;
/** A busy machine may be slow once or twice; a loop is slow every time. */
const STRIKES = 3;
const MAX_WATCHED = 10_000;

/**
 * Ends runs whose code does not come to an end: each attempt holds a workflow thread for `TASK_LIMIT_MS`, and the server
 * would hand them out again for ever. The SDK tells of a failed workflow task by its log only. Its clock sees code up to
 * the next promise; what a pack computes from step to step the interpreter bounds (`LIMITS.stretch`).
 */
export class TaskGuard {
  readonly #strikes = new Map<string, number>();
  readonly #end: (workflowId: string, runId: string) => void;

  constructor(end: (workflowId: string, runId: string) => void) {
    this.#end = end;
  }

  /** For `Runtime.install`. */
  logger(): Logger {
    return new DefaultLogger('INFO', (entry) => {
      const meta = entry.meta ?? {};
      log(entry.level.toLowerCase() as LogLevel, 'temporal', { message: entry.message, ...plain(meta) });
      this.#see(entry);
    });
  }

  /** For a process whose output is read: only what goes wrong is said. */
  quietLogger(): Logger {
    return new DefaultLogger('WARN', (entry) => this.#see(entry));
  }

  #see({ message, meta }: LogEntry): void {
    if (message !== 'Failed to process Workflow Activation') return;
    const { runId, workflowId, error } = meta as { runId?: string; workflowId?: string; error?: Error };
    if (!runId || !workflowId || !/execution timed out/i.test(error?.message ?? '')) return;
    const strikes = (this.#strikes.get(runId) ?? 0) + 1;
    this.#strikes.set(runId, strikes);
    if (this.#strikes.size > MAX_WATCHED) this.#strikes.clear();
    if (strikes < STRIKES) return;
    this.#strikes.delete(runId);
    this.#end(workflowId, runId);
  }
}

/** What the SDK adds holds bytes and numbers that JSON can't. */
function plain(meta: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(meta)
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value) || value instanceof Error)
      .map(([key, value]) => [key, value]),
  );
}
