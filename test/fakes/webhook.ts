import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Fake, serve } from './server.ts';

export interface WebhookOptions {
  port?: number;
  host?: string;
  /** Signatures are checked with it; without one, unsigned posts are taken. */
  secret?: string;
}

export interface FakeWebhook extends Fake {
  /** What was taken, once an id. */
  readonly events: { id: string; body: any }[];
}

const TOLERANCE_S = 300;

/** A receiver after standardwebhooks.com: signature, time, and each id once. */
export async function startWebhook(options: WebhookOptions = {}): Promise<FakeWebhook> {
  const events: FakeWebhook['events'] = [];
  const fake = await serve(({ method, headers, body }) => {
    if (method !== 'POST') return { status: 405 };
    const [id = '', time = '', given = ''] = ['id', 'timestamp', 'signature'].map((name) =>
      String(headers[`webhook-${name}`] ?? ''),
    );
    if (options.secret !== undefined) {
      if (Math.abs(Date.now() / 1000 - Number(time)) > TOLERANCE_S)
        return { status: 400, body: 'Message timestamp too old' };
      const key = options.secret.startsWith('whsec_') ? Buffer.from(options.secret.slice(6), 'base64') : options.secret;
      const right = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest();
      const fits = given
        .split(' ')
        .map((one) => Buffer.from(one.replace(/^v1,/, ''), 'base64'))
        .some((one) => one.length === right.length && timingSafeEqual(one, right));
      if (!fits) return { status: 401, body: 'No matching signature found' };
    }
    if (!events.some((event) => event.id === id)) events.push({ id, body: JSON.parse(body) });
    return { status: 204 };
  }, options);
  return { ...fake, events };
}
