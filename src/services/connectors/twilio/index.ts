import { failure } from '../../../core/http.ts';
import type { Connector, ConnectorEvent } from '../../../core/ports/automation.ts';
import { baseUrl, type Setup } from '../config.ts';
import { connectorOf } from '../connector.ts';
import { instantOf, isoIn } from '../times.ts';
import { TwilioApi, type TwilioMessage } from './api.ts';
import { CallBook, type Script } from './call-book.ts';
import { Calls } from './calls.ts';
import { Conversation } from './conversation.ts';
import { webhooks } from './webhooks.ts';

const NAME = 'twilio';
const PER_MINUTE = 60;
const POLL = { firstMs: 2_000, mostMs: 10_000 };

export function twilio(setup: Setup, poll = POLL): Connector {
  const { accountSid = '', authToken = '' } = setup.secrets;
  const { from, voice, port } = setup.settings as { from: string; voice?: string; port?: number };
  const publicUrl =
    setup.settings.publicUrl === undefined ? null : String(setup.settings.publicUrl).replace(/\/+$/, '');
  const api = new TwilioApi(baseUrl(setup, 'https://api.twilio.com'), accountSid, authToken);
  const book = new CallBook(setup.dataDir);
  const hook = (path: string) => `${publicUrl}/${path}`;
  const calls = new Calls({
    api,
    book,
    from,
    voice,
    hooks:
      publicUrl && port !== undefined
        ? { voice: (id) => hook(`voice/${id}`), status: (id) => hook(`status/${id}`) }
        : null,
    poll,
  });
  const listeners = new Set<(event: ConnectorEvent) => void>();
  const now = () => isoIn(setup.timezone, Date.now());
  const hooks =
    publicUrl && port !== undefined
      ? webhooks(
          {
            publicUrl,
            authToken,
            book,
            conversation: new Conversation({
              book,
              agent: setup.agent,
              voice,
              actionOf: (id, turn) => hook(`voice/${id}/${turn}`),
              warn: setup.warn,
            }),
            changed: (id) => calls.changed(id),
            received: (message) => {
              const event = { type: 'message-received', id: message.id, payload: { ...message, at: now() } };
              for (const listener of listeners) listener(event);
            },
            warn: setup.warn,
          },
          port,
        )
      : null;

  return connectorOf(
    NAME,
    {
      // A message has no key at Twilio; a call is looked up before it is placed again.
      idempotent: new Set(['call']),
      operations: {
        'send-sms': async ({ to, text }: { to: string; text: string }, { signal }) => {
          const form = new URLSearchParams({ To: to, From: from, Body: text });
          const { sid, status } = (await api.create('Messages', form, signal)) as TwilioMessage;
          return { id: sid, status };
        },
        call: async (script: Script, options) => {
          const listens = Boolean(script.questions?.length) || script.guidance !== undefined;
          if (listens && !hooks)
            throw failure('refused', 'to listen in a call, Twilio must reach this home: set publicUrl and port');
          if (hooks && !(await hooks.listening))
            throw failure('unavailable', `the port ${port} of the webhooks is taken`);
          if (script.guidance !== undefined && !setup.agent)
            throw failure('refused', 'there is no agent that could lead the conversation');
          return calls.run(script, options);
        },
        'list-messages': async (args: { from?: string; since?: string; max: number }, { signal }) => {
          const since = args.since === undefined ? null : instantOf(args.since, setup.timezone);
          const query = {
            To: from,
            PageSize: String(args.max),
            ...(args.from === undefined ? {} : { From: args.from }),
            ...(since === null ? {} : { 'DateSent>': new Date(since).toISOString().slice(0, 10) }),
          };
          const { messages = [] } = (await api.read('/Messages.json', query, signal)) as { messages?: TwilioMessage[] };
          return {
            messages: messages
              .filter(({ direction, date_created: at }) => direction === 'inbound' && Date.parse(at) >= (since ?? 0))
              .map((message) => ({
                id: message.sid,
                from: message.from,
                text: message.body,
                at: isoIn(setup.timezone, Date.parse(message.date_created)),
              })),
          };
        },
      },
      async check(signal) {
        const account = (await api.read('.json', {}, signal)) as { status?: string; friendly_name?: string };
        if (account.status !== 'active') throw failure('refused', `the account is ${account.status}`);
        const owned = (await api.read('/IncomingPhoneNumbers.json', { PhoneNumber: from }, signal)) as {
          incoming_phone_numbers?: unknown[];
        };
        if (!owned.incoming_phone_numbers?.length) throw failure('refused', `the account does not own ${from}`);
        if (hooks && !(await hooks.listening))
          throw failure('unavailable', `the port ${port} of the webhooks is taken`);
        return `account “${account.friendly_name}”, number ${from}${hooks ? '; webhooks listen, whether Twilio reaches them was not tried' : ''}`;
      },
      // Nothing comes in where Twilio can't reach this home.
      ...(hooks
        ? {
            subscribe: (_: string, handler: (event: ConnectorEvent) => void) => {
              listeners.add(handler);
              return () => void listeners.delete(handler);
            },
          }
        : {}),
      async close() {
        listeners.clear();
        await hooks?.close();
        book.close();
      },
    },
    Number(setup.settings.perMinute ?? PER_MINUTE),
  );
}
