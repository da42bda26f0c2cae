import { createContext, Script } from 'node:vm';

const context = createContext({});
const script = new Script('work()');

/**
 * Runs something synchronous for at most so long; null when it took longer. A rule of repetition that never comes true
 * (`FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30`, sent by anybody as an invitation) would else stop the whole process.
 */
export function within<T>(ms: number, work: () => T): T | null {
  context.work = work;
  try {
    return script.runInContext(context, { timeout: ms }) as T;
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    throw error;
  }
}
