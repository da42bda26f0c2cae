import { ChpError } from '../../../core/errors.ts';
import type { WorkerChecks, WorkerHealth, WorkerInspection, WorkerMethod } from '../../../core/worker-protocol.ts';
import { callWorker } from '../worker-client.ts';
import { type Look, Unread } from './look.ts';

async function ask<T>({ layout, manifest }: Look, method: WorkerMethod, params: unknown): Promise<T> {
  if (!manifest.checks.worker) throw new Unread('it has no packs');
  return (await callWorker(layout, method, params)) as T;
}

/** As `ask`, for who is not to say once more that there is no worker. */
function askMore<T>(look: Look, method: WorkerMethod, params: unknown): Promise<T> {
  return ask<T>(look, method, params).catch((error: Error) => {
    if (!(error instanceof ChpError && error.code === 'NOT_FOUND')) throw error;
    throw new Unread(`the worker does not answer: ${error.message}`, 'worker');
  });
}

export const readWorker = (look: Look): Promise<WorkerHealth> => ask(look, 'health', {});
export const readParts = (look: Look): Promise<WorkerChecks> => askMore(look, 'check', {});
export const readDuties = (look: Look): Promise<WorkerInspection> =>
  askMore(look, 'inspect', { since: new Date(look.request.since).toISOString() });
