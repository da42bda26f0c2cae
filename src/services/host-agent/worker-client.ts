import { connect } from 'node:net';
import { ChpError, ERROR_CODES, type ErrorCode } from '../../core/errors.ts';
import { type TenantLayout, workerSocket } from '../../core/host-layout.ts';
import type { WorkerMethod } from '../../core/worker-protocol.ts';

const DEADLINE_MS = 30_000;
/** A run that is waited for may take as long as its approvals do. */
const RUN_DEADLINE_MS = 24 * 60 * 60_000;
/** An answer travels on as one frame. */
const MAX_CHARACTERS = 900_000;

type Answer =
  | { ok: true; result: unknown }
  | { ok: false; error: { code?: string; message?: string; why?: string; next?: string[] } };

/** One request to a tenant's worker. @throws NOT_FOUND where no worker listens; DEADLINE; what the worker says */
export async function callWorker(layout: TenantLayout, method: WorkerMethod, params: unknown): Promise<unknown> {
  const line = await exchange(workerSocket(layout), `${JSON.stringify({ id: 1, method, params })}\n`, method);
  let answer: Answer;
  try {
    answer = JSON.parse(line) as Answer;
  } catch (cause) {
    throw new ChpError('AGENT_FAILED', 'the worker did not answer in its protocol', { cause });
  }
  if (answer.ok) return answer.result;
  const { code, message, why, next } = answer.error ?? {};
  throw new ChpError(
    code && code in ERROR_CODES ? (code as ErrorCode) : 'AGENT_FAILED',
    message ?? 'the worker refused without a word',
    { ...(why ? { why } : {}), next: next ?? [] },
  );
}

function exchange(path: string, request: string, method: WorkerMethod): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    const end = (error?: ChpError): void => {
      socket.destroy();
      if (error) reject(error);
      else resolve(text);
    };
    socket.setTimeout(method === 'run' || method === 'try' ? RUN_DEADLINE_MS : DEADLINE_MS, () =>
      end(new ChpError('DEADLINE', `the worker did not answer to ${method} in time`)),
    );
    socket.once('error', (cause: NodeJS.ErrnoException) =>
      end(
        cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED'
          ? new ChpError('NOT_FOUND', 'no worker runs for this tenant', {
              why: 'It has no packs, or its worker is down.',
              next: ['chp pack list TENANT', 'chp logs TENANT worker'],
              cause,
            })
          : new ChpError('AGENT_FAILED', `the worker could not be asked: ${cause.message}`, { cause }),
      ),
    );
    socket.once('close', () => end(text.includes('\n') ? undefined : cutShort()));
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) end();
      else if (text.length > MAX_CHARACTERS) end(new ChpError('AGENT_FAILED', 'the worker answered too much at once'));
    });
    socket.write(request);
  });
}

const cutShort = (): ChpError =>
  new ChpError('AGENT_FAILED', 'the worker ended while it was asked', { next: ['chp logs TENANT worker'] });
