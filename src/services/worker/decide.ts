import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { ChpError } from '../../core/errors.ts';
import type { Envelope, Notify } from '../../core/ports/automation.ts';
import type { Decision } from '../../packs/interpret/ports.ts';
import { decideSignal } from './workflows/names.ts';

/** How long the run may take to say what came of an answer; a question that needs more of them stays open. */
const SETTLE_MS = 3_000;
const LOOK_MS = 50;
const MAX_INBOX = 1_000;

const VERDICTS: Record<Envelope['kind'], readonly Decision['verdict'][]> = {
  approve: ['approve', 'deny', 'override'],
  acknowledge: ['acknowledge', 'override'],
};

export interface Answer {
  envelope: string;
  by: string;
  verdict: Decision['verdict'];
  comment?: string;
}

/**
 * Takes a person's answer to an envelope. What counts in the end the run decides, from the answers in their order.
 * @returns the envelope's state afterwards: `open` while it needs more answers
 * @throws NOT_FOUND, CONFLICT when it was answered or has expired, BAD_INPUT for somebody or something it does not ask
 */
export async function decide(client: Client, notify: Notify, answer: Answer): Promise<{ state: Envelope['state'] }> {
  const envelope = await find(notify, answer.envelope);
  assertAsked(envelope, answer);
  const { by, verdict, comment } = answer;
  const decision = {
    envelope: envelope.id,
    by,
    verdict,
    at: new Date().toISOString(),
    ...(comment ? { comment } : {}),
  };
  try {
    await client.workflow.getHandle(envelope.run).signal(decideSignal, decision);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    await notify.settle(envelope.id, 'expired');
    throw tooLate(envelope, 'Its run has ended.');
  }
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; await sleep(LOOK_MS)) {
    const { state } = await find(notify, envelope.id);
    if (state !== 'open') return { state };
    if (envelope.quorum > 1 && verdict === 'approve') return { state };
  }
  return { state: 'open' };
}

async function find(notify: Notify, id: string): Promise<Envelope> {
  const envelope = (await notify.inbox({ limit: MAX_INBOX })).find((known) => known.id === id);
  if (envelope) return envelope;
  throw new ChpError('NOT_FOUND', `there is no envelope ${id}`, { next: ['chp inbox TENANT'] });
}

function assertAsked(envelope: Envelope, { by, verdict }: Answer): void {
  if (envelope.state !== 'open') throw tooLate(envelope, `It is ${envelope.state}.`);
  if (Date.parse(envelope.expiresAt) <= Date.now()) throw tooLate(envelope, `It expired at ${envelope.expiresAt}.`);
  if (!envelope.approvers.includes(by))
    throw new ChpError('BAD_INPUT', `${by} is not asked`, { why: `Asked are ${envelope.approvers.join(', ')}.` });
  if (!VERDICTS[envelope.kind].includes(verdict))
    throw new ChpError('BAD_INPUT', `"${verdict}" is no answer to this`, {
      why: `Answers are ${VERDICTS[envelope.kind].join(', ')}.`,
    });
}

const tooLate = (envelope: Envelope, why: string): ChpError =>
  new ChpError('CONFLICT', `the envelope ${envelope.id} takes no more answers`, { why });
