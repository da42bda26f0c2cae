import { randomBytes } from 'node:crypto';
import { type Answer, type Asked, basicOf, type Fake, serve } from './server.ts';
import { base, type Callee, converse, type Post, type RunningCall, signatureOf } from './twilio-call.ts';

export interface TwilioOptions {
  port?: number;
  host?: string;
  accountSid?: string;
  authToken?: string;
  /** Numbers of the account. */
  numbers?: string[];
  /** Trial accounts reach verified numbers only. */
  verified?: string[];
  /** What happens when a number is called; others do not pick up. */
  callees?: Record<string, Callee>;
  /** Where the account's number sends incoming messages. */
  smsUrl?: string;
  /** Where a public address really is; it is signed as it was given. */
  route?: (url: string) => string;
}

interface Message {
  sid: string;
  from: string;
  to: string;
  body: string;
  status: string;
  direction: 'inbound' | 'outbound-api';
  date_created: string;
  date_sent: string;
}

export interface FakeTwilio extends Fake {
  readonly calls: RunningCall[];
  readonly messages: Message[];
  readonly callees: Record<string, Callee>;
  /** Resolves when no call goes on. */
  idle(): Promise<void>;
  /** A text message comes in; resolves with the status that the webhook answered. */
  receive(message: { from: string; text: string }): Promise<number>;
  /** As Twilio posts to a webhook. `signature` other than the right one is for tests. */
  post(url: string, form: Record<string, string>, signature?: string): Promise<{ status: number; body: string }>;
}

export const FAKE_ACCOUNT = `AC${'0a'.repeat(16)}`;
const E164 = /^\+[1-9]\d{6,14}$/;

/** Twilio's REST API of calls and messages, version 2010-04-01, with the telephone network of your choice behind it. */
export async function startTwilio(options: TwilioOptions = {}): Promise<FakeTwilio> {
  const { accountSid = FAKE_ACCOUNT, authToken = 'twilio-token-1', numbers = ['+15005550006'] } = options;
  const calls: RunningCall[] = [];
  const messages: Message[] = [];
  const callees = options.callees ?? {};
  const running = new Set<Promise<void>>();

  const post = async (url: string, form: Record<string, string>, signature = signatureOf(authToken, url, form)) => {
    const response = await fetch(options.route?.(url) ?? url, {
      method: 'POST',
      headers: { 'x-twilio-signature': signature, 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
      body: new URLSearchParams(form).toString(),
    }).catch(() => null);
    return response ? { status: response.status, body: await response.text() } : { status: 0, body: '' };
  };

  const fake = await serve((asked) => {
    const who = basicOf(asked);
    if (who?.user !== accountSid || who.password !== authToken) return error(401, 20003, 'Authenticate');
    const path = new RegExp(`^/2010-04-01/Accounts/${accountSid}(.*)\\.json$`).exec(asked.path)?.[1];
    if (path === undefined) return notFound(asked.path);
    const form = new URLSearchParams(asked.body);
    if (asked.method === 'POST') {
      if (!asked.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
        return error(400, 21604, "A 'To' phone number is required.");
      if (path === '/Messages') return send(form);
      if (path === '/Calls') return place(form);
    }
    if (asked.method === 'GET') return read(path, asked);
    return notFound(asked.path);
  }, options);

  function destination(form: URLSearchParams): Answer | null {
    const [to, from] = [form.get('To') ?? '', form.get('From') ?? ''];
    if (!E164.test(to)) return error(400, 21211, `Invalid 'To' Phone Number: ${to.replace(/\d(?=\d{4})/g, 'X')}`);
    if (!numbers.includes(from))
      return error(400, 21606, `The From phone number ${from} is not a valid, message-capable Twilio phone number`);
    if (options.verified && !options.verified.includes(to))
      return error(400, 21608, 'The number is unverified. Trial accounts cannot send messages to unverified numbers');
    return null;
  }

  function send(form: URLSearchParams): Answer {
    if (!form.get('To')) return error(400, 21604, "A 'To' phone number is required.");
    const body = form.get('Body') ?? '';
    const refused = destination(form);
    if (refused) return refused;
    if (body === '') return error(400, 21602, 'Message body is required.');
    if (body.length > 1600) return error(400, 21617, 'The concatenated message body exceeds the 1600 character limit.');
    const message = keep(form.get('From') ?? '', form.get('To') ?? '', body, 'outbound-api');
    return { status: 201, body: message };
  }

  function keep(from: string, to: string, body: string, direction: Message['direction']): Message {
    const now = new Date().toUTCString().replace('GMT', '+0000');
    const status = direction === 'inbound' ? 'received' : 'queued';
    const message = { sid: sid('SM'), from, to, body, status, direction, date_created: now, date_sent: now };
    messages.unshift(message);
    return message;
  }

  function place(form: URLSearchParams): Answer {
    const refused = destination(form);
    if (refused) return refused;
    const [url, twiml] = [form.get('Url') ?? undefined, form.get('Twiml') ?? undefined];
    if (url === undefined && twiml === undefined) return error(400, 21205, 'Url parameter is required.');
    if (url !== undefined && !/^https?:\/\//.test(url)) return error(400, 21205, `Url is not a valid URL: ${url}`);
    if ((twiml?.length ?? 0) > 4000) return error(400, 21218, 'Twiml is too long.');
    const call: RunningCall = {
      sid: sid('CA'),
      to: form.get('To') ?? '',
      from: form.get('From') ?? '',
      status: 'queued',
      answered_by: null,
      duration: null,
      date_created: new Date().toUTCString().replace('GMT', '+0000'),
      heard: [],
      errors: [],
    };
    calls.unshift(call);
    const going = ring(call, form, { ...(url ? { url } : {}), ...(twiml ? { twiml } : {}) }, post);
    running.add(going);
    void going.finally(() => running.delete(going));
    return { status: 201, body: shown(call) };
  }

  async function ring(call: RunningCall, form: URLSearchParams, first: { url?: string; twiml?: string }, to: Post) {
    const callee = callees[call.to] ?? { does: 'no-answer' };
    call.status = 'ringing';
    await new Promise((resolve) => setImmediate(resolve));
    if (callee.does === 'answer' || callee.does === 'machine') {
      call.status = 'in-progress';
      const ends = form.get('MachineDetection') === 'DetectMessageEnd';
      if (form.has('MachineDetection'))
        call.answered_by = callee.does === 'answer' ? 'human' : ends ? 'machine_end_beep' : 'machine_start';
      await converse(call, callee, first, to);
      call.status = 'completed';
      call.duration = String(3 + call.heard.length * 2);
    } else {
      call.status = callee.does;
      call.duration = '0';
    }
    const callback = form.get('StatusCallback');
    if (callback) await to(callback, { ...base(call), CallDuration: call.duration });
  }

  function read(path: string, { query, path: asked }: Asked): Answer {
    if (path === '')
      return { status: 200, body: { sid: accountSid, friendly_name: 'Smith', status: 'active', type: 'Full' } };
    if (path === '/IncomingPhoneNumbers') {
      const found = numbers.filter((number) => !query.get('PhoneNumber') || query.get('PhoneNumber') === number);
      return { status: 200, body: { incoming_phone_numbers: found.map((phone_number) => ({ phone_number })) } };
    }
    const size = Number(query.get('PageSize') ?? 50);
    const by = <T extends { to: string; from: string }>(list: T[]) =>
      list
        .filter(({ to, from }) => (query.get('To') ?? to) === to && (query.get('From') ?? from) === from)
        .slice(0, size);
    if (path === '/Calls') return { status: 200, body: { calls: by(calls).map(shown) } };
    if (path === '/Messages') {
      const since = Date.parse(query.get('DateSent>') ?? '1970-01-01');
      return { status: 200, body: { messages: by(messages.filter(({ date_sent: at }) => Date.parse(at) >= since)) } };
    }
    const call = calls.find(({ sid: id }) => path === `/Calls/${id}`);
    if (call) return { status: 200, body: shown(call) };
    const message = messages.find(({ sid: id }) => path === `/Messages/${id}`);
    return message ? { status: 200, body: message } : notFound(asked);
  }

  return {
    ...fake,
    calls,
    messages,
    callees,
    post,
    idle: async () => {
      while (running.size > 0) await Promise.all(running);
    },
    receive: async ({ from, text }) => {
      const message = keep(from, numbers[0] ?? '', text, 'inbound');
      if (!options.smsUrl) return 0;
      const form = { MessageSid: message.sid, AccountSid: accountSid, From: from, To: message.to, Body: text };
      return (await post(options.smsUrl, form)).status;
    },
  };
}

const sid = (prefix: string): string => prefix + randomBytes(16).toString('hex');

const shown = ({ heard: _, errors: __, ...call }: RunningCall) => call;

const error = (status: number, code: number, message: string): Answer => ({
  status,
  body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
});

const notFound = (path: string): Answer => error(404, 20404, `The requested resource ${path} was not found`);
