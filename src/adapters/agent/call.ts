import type { AgentEvent, AgentRequest } from '../../core/agent-protocol.ts';
import { ChpError, ERROR_CODES, type ErrorCode } from '../../core/errors.ts';
import { FrameWriter, readFrames } from '../../core/frames.ts';
import type { ProcessChannel } from '../../core/ports/transport.ts';
import { sudoRefusal } from '../sudo.ts';
import { assertEvent } from './validate.ts';

/** One request while it is answered. */
export interface Session {
  writer: FrameWriter;
  channel: ProcessChannel;
  onEvent(event: AgentEvent): Promise<void> | void;
}

/**
 * Sends a request to an agent that was started on `target`, and reads events until it gives its result.
 * @throws whatever the host says, as ChpError; HOST_UNFIT, HOST_UNREACHABLE, AGENT_FAILED when it gave no answer
 */
export async function callAgent(
  channel: ProcessChannel,
  target: string,
  request: AgentRequest,
  wire: (session: Session) => Session,
): Promise<unknown> {
  const { stdin, stdout, stderr } = channel;
  stdin.on('error', () => {});
  channel.exited.catch(() => {});
  let complaint = '';
  let failure: unknown;
  stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });
  const session = wire({ channel, writer: new FrameWriter(stdin), onEvent: () => {} });
  try {
    // One that is gone already is told of below, with its own last words.
    if (!stdin.writableEnded) await session.writer.json(request).catch(() => {});
    for await (const frame of readFrames(stdout)) {
      const event = assertEvent(frame);
      if (event.event === 'result') return event.result;
      if (event.event === 'error') throw fromHost(event.error);
      // Sending may take long and the host may fail meanwhile: keep reading.
      void Promise.resolve(session.onEvent(event)).catch((error: unknown) => {
        // It is gone: its own last words, or how it ended, say why.
        if (stdin.destroyed) return;
        failure ??= error;
        // Its input ends: then it puts back what it began. Killed, it would be left for later.
        stdin.destroy();
      });
    }
  } catch (error) {
    if (failure) throw failure;
    // A message that was cut off is no fault of the agent's.
    if (!channel.lost?.()) throw error;
  } finally {
    stdin.end();
  }
  if (failure) throw failure;
  throw noAnswer(target, await channel.exited, channel.lost?.() ?? null, complaint.trim());
}

function noAnswer(target: string, code: number | null, lost: string | null, complaint: string): ChpError {
  const refusal = code === null ? null : sudoRefusal(target, complaint);
  if (refusal) return refusal;
  const what = 'the host agent stopped without an answer';
  const next = ['Run the same command again: what was begun is finished or put back first.'];
  if (code !== null)
    return new ChpError('AGENT_FAILED', `${target}: ${what}`, { why: complaint || `It ended with ${code}.`, next });
  return new ChpError('HOST_UNREACHABLE', `${target}: ${what}`, {
    why: [lost ?? 'The connection was cut.', complaint].filter(Boolean).join(' '),
    next,
  });
}

function fromHost(error: Extract<AgentEvent, { event: 'error' }>['error']): ChpError {
  const code: ErrorCode = error.code in ERROR_CODES ? (error.code as ErrorCode) : 'AGENT_FAILED';
  return new ChpError(code, error.message, {
    ...(error.why === undefined ? {} : { why: error.why }),
    ...(error.next ? { next: error.next } : {}),
    ...(error.details ? { details: error.details } : {}),
  });
}
