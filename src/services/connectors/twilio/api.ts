import { failure, failureOf, type HttpAnswer, request } from '../../../core/http.ts';

const SERVICE = 'Twilio';

/** Fields of a message resource that we read (twilio.com/docs/messaging/api/message-resource). */
export interface TwilioMessage {
  sid: string;
  from: string;
  to: string;
  body: string;
  status: string;
  direction: string;
  /** RFC 2822. */
  date_created: string;
}

/** Fields of a call resource that we read (twilio.com/docs/voice/api/call-resource). */
export interface TwilioCall {
  sid: string;
  status: string;
  answered_by: string | null;
  /** Seconds, as a text. */
  duration: string | null;
  /** RFC 2822. */
  date_created: string;
}

/** The REST API of one account, version 2010-04-01. It has no idempotency keys: what is sent twice happens twice. */
export class TwilioApi {
  readonly #account: string;
  readonly #headers: Record<string, string>;

  constructor(base: string, accountSid: string, authToken: string) {
    this.#account = `${base}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}`;
    const basic = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
    this.#headers = { authorization: `Basic ${basic}` };
  }

  /** @throws VerbFailure; `in-doubt` when the answer was lost */
  async create(resource: 'Calls' | 'Messages', form: URLSearchParams, signal: AbortSignal): Promise<unknown> {
    const call = { service: SERVICE, method: 'POST', headers: this.#headers, body: form, signal, once: true };
    return resultOf(await request(`${this.#account}/${resource}.json`, call), call);
  }

  async read(path: string, query: Record<string, string>, signal: AbortSignal): Promise<unknown> {
    const url = new URL(this.#account + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const call = { service: SERVICE, headers: this.#headers, signal };
    return resultOf(await request(url, call), call);
  }
}

function resultOf(answer: HttpAnswer, call: { service: string; once?: boolean }): unknown {
  if (answer.status < 300) {
    if (answer.json) return answer.json;
    throw failure(call.once ? 'in-doubt' : 'unavailable', `${SERVICE} answered no JSON`);
  }
  const { code, message } = answer.json ?? {};
  const said = message === undefined ? '' : `${String(message)}${code === undefined ? '' : ` (error ${String(code)})`}`;
  throw failureOf(call, answer, said);
}
