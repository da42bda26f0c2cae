import { ChpError } from './errors.ts';
import type { GatewayClient } from './gateway-client.ts';

export interface AgentTurn {
  agent: string;
  /** `agent:<agent>:…`; the gateway rewrites all its sessions on every turn, so delete it when it is done with. */
  session: string;
  message: string;
  /** Added to the system prompt of this turn. */
  guidance?: string;
  timeoutS: number;
  /** A turn of the same key, now or within five minutes, is the same turn. */
  key: string;
}

export type TurnOutcome =
  | { ok: true; text: string }
  /** `timeout`: it took too long and was aborted; `model`: the model failed; `empty`: there is no answer. */
  | { ok: false; kind: 'timeout' | 'model' | 'empty'; reason: string };

interface RunAnswer {
  status?: string;
  /** Milliseconds since the epoch, by the gateway's clock: that of this host. */
  acceptedAt?: number;
  result?: { payloads?: { text?: string }[]; meta?: { aborted?: boolean } };
}

/** Calls of `agent` are answered twice: accepted, then this. */
export const turnIsOver = (payload: unknown): boolean => (payload as RunAnswer | undefined)?.status !== 'accepted';

/** How much longer than the turn itself its answer may take. */
const MARGIN_MS = 10_000;

/**
 * One turn of the tenant's agent. The gateway says ok even when the model failed, so what counts is the stop reason of
 * the last message in the session's history.
 * @throws UNHEALTHY, DEADLINE when the gateway does not answer
 */
export async function agentTurn(client: GatewayClient, turn: AgentTurn): Promise<TurnOutcome> {
  const run = await answered(client, turn);
  if (run.result?.meta?.aborted)
    return { ok: false, kind: 'timeout', reason: `the model did not answer in ${turn.timeoutS} s` };
  const history = (await client.call('chat.history', { sessionKey: turn.session, limit: 1 })) as {
    messages?: { role?: string; stopReason?: string; errorMessage?: string }[];
  };
  const last = history.messages?.at(-1);
  if (last?.stopReason === 'error')
    return { ok: false, kind: 'model', reason: `the model failed: ${last.errorMessage ?? 'no reason given'}` };
  if (last?.role !== 'assistant' || last.stopReason === undefined)
    return { ok: false, kind: 'empty', reason: 'the session holds no answer' };
  const text = (run.result?.payloads ?? []).map((payload) => payload.text ?? '').join('\n');
  return { ok: true, text };
}

/**
 * The turn's own answer. A turn that runs already says only "accepted", as of then, when it is asked for again: it is
 * waited for, and asked for until the gateway has put its answer away.
 */
async function answered(client: GatewayClient, turn: AgentTurn): Promise<RunAnswer> {
  const params = {
    message: turn.message,
    agentId: turn.agent,
    sessionKey: turn.session,
    idempotencyKey: turn.key,
    deliver: false,
    timeout: turn.timeoutS,
    ...(turn.guidance ? { extraSystemPrompt: turn.guidance } : {}),
  };
  const sent = Date.now();
  const deadline = sent + turn.timeoutS * 1000 + MARGIN_MS;
  const isFinal = (payload: unknown): boolean => {
    const accepted = (payload as RunAnswer).acceptedAt;
    return turnIsOver(payload) || (accepted ?? sent) < sent;
  };
  const first = (await client.call('agent', params, deadline - sent, isFinal)) as RunAnswer;
  if (turnIsOver(first)) return first;
  await client.call('agent.wait', { runId: turn.key, timeoutMs: deadline - Date.now() }, deadline - Date.now());
  while (Date.now() < deadline) {
    const again = (await client.call('agent', params)) as RunAnswer;
    if (turnIsOver(again)) return again;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new ChpError('DEADLINE', `the turn did not end in ${turn.timeoutS} s`);
}
