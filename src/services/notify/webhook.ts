import { createHmac } from 'node:crypto';
import { failureOf, request } from '../../core/http.ts';
import type { CallOptions, Channel, Delivery, Envelope, OutMessage } from '../../core/ports/automation.ts';
import type { Outbox } from './outbox.ts';

const SERVICE = 'The webhook';
const NAME = 'webhook';
const TIMEOUT_MS = 15_000;

/**
 * Posts every message that no other way took to one address, as JSON, signed after standardwebhooks.com: `webhook-id` is
 * the same on every attempt, so a receiver can tell a repetition.
 */
export function webhookChannel(url: string, secret: string | undefined, outbox: Outbox, now: () => number): Channel {
  const post = async (id: string, payload: object, signal: AbortSignal): Promise<void> => {
    const body = JSON.stringify(payload);
    const headers = { 'content-type': 'application/json', ...signed(id, body, secret, now()) };
    const call = { service: SERVICE, method: 'POST', headers, body, signal, timeoutMs: TIMEOUT_MS };
    const answer = await request(url, call);
    if (answer.status >= 300) throw failureOf(call, answer, '');
  };
  return {
    name: NAME,
    kind: null,
    reaches: () => true,
    async send({ to, text, urgency, envelope }: OutMessage, { key, signal }: CallOptions): Promise<Delivery> {
      const id = `${key}/${to.id}`;
      const recipient = { id: to.id, name: to.name, role: to.role };
      await post(id, { type: 'message', key, to: recipient, text, urgency, envelope: shown(envelope) }, signal);
      if (envelope) outbox.markSent(NAME, { key, part: 0, chat: to.id, id }, envelope.id);
      return { via: NAME, id };
    },
    async check(signal) {
      try {
        const { status } = await request(url, { service: SERVICE, method: 'HEAD', signal, timeoutMs: TIMEOUT_MS });
        return {
          ok: status < 500,
          detail: `it answers (${status}); nothing was posted, so its signature was not tried`,
        };
      } catch (error) {
        return { ok: false, detail: (error as Error).message };
      }
    },
    async settled(envelope: Envelope): Promise<void> {
      if (outbox.about(NAME, envelope.id).length === 0) return;
      const payload = { type: 'settled', envelope: shown(envelope) };
      await post(`${envelope.id}/settled`, payload, AbortSignal.timeout(TIMEOUT_MS));
    },
  };
}

/** Headers of Standard Webhooks. A secret may be theirs (`whsec_` and base64) or any text. */
function signed(id: string, body: string, secret: string | undefined, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const named = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === undefined) return named;
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...named, 'webhook-signature': `v1,${signature}` };
}

function shown(envelope: Envelope | undefined): object | null {
  if (!envelope) return null;
  const { id, kind, summary, details, risk, approvers, quorum, expiresAt, state } = envelope;
  return { id, kind, summary, details, risk, approvers, quorum, expiresAt, state };
}
