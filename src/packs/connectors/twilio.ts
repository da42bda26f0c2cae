import { Type } from 'typebox';
import { instant, oneOf, optional, phone, record, text } from '../types.ts';
import { type ConnectorTable, settingsOf } from './operation.ts';

export const twilio: ConnectorTable = {
  name: 'twilio',
  summary: 'Calls and text messages through Twilio.',
  secrets: {
    accountSid: { name: 'TWILIO_ACCOUNT_SID', description: 'Account.' },
    authToken: { name: 'TWILIO_AUTH_TOKEN', description: 'Token of the account.' },
  },
  settings: settingsOf({
    from: phone('Number that calls and writes; one of the account’s.'),
    publicUrl: optional(
      Type.String({
        pattern: '^https?://[^?#\\s]+$',
        description:
          'Where Twilio reaches this connector’s webhooks: needed to listen in calls and for incoming messages.',
      }),
    ),
    port: optional(
      Type.Integer({ minimum: 1, maximum: 65535, description: 'Loopback port of the webhooks behind `publicUrl`.' }),
    ),
    voice: optional(text('Voice, by Twilio’s name for it.', 60)),
  }),
  operations: {
    'send-sms': {
      summary: 'Sends a text message.',
      args: record({ to: phone('Who gets it.'), text: text('The message.', 1600) }),
      result: record({ id: Type.String(), status: Type.String() }),
      risk: 'medium',
      effect: 'write',
    },
    call: {
      summary: 'Calls, speaks, asks each question and listens; ends when the call has ended.',
      args: record({
        to: phone('Who is called.'),
        say: text('Said first.', 1000),
        questions: optional(
          Type.Array(text('Asked; the answer is written down.', 400), { maxItems: 5, description: 'In order.' }),
        ),
        guidance: optional(
          text(
            'After the questions the agent leads the conversation by this, as long as there is something to say.',
            4000,
          ),
        ),
        turns: optional(
          Type.Integer({ minimum: 1, maximum: 20, default: 6, description: 'What the agent says at most.' }),
        ),
        goodbye: optional(text('Said last.', 400)),
        voicemail: optional(text('Left on an answering machine; without it the call just ends there.', 600)),
        language: optional(
          Type.String({ pattern: '^[a-z]{2}(-[A-Z]{2})?$', default: 'en-US', description: 'Spoken and heard.' }),
        ),
        ringSeconds: optional(
          Type.Integer({
            minimum: 5,
            maximum: 60,
            default: 30,
            description: 'How long it rings before nobody answers.',
          }),
        ),
      }),
      result: record({
        id: Type.String(),
        status: oneOf(['completed', 'no-answer', 'busy', 'voicemail', 'failed', 'canceled'], {
          description: '`voicemail`: a machine took it.',
        }),
        answeredBy: oneOf(['human', 'machine', 'unknown', 'nobody']),
        seconds: Type.Integer({ minimum: 0 }),
        answers: Type.Array(record({ question: Type.String(), answer: Type.String() })),
      }),
      risk: 'medium',
      effect: 'write',
      timeoutMs: 600_000,
    },
    'list-messages': {
      summary: 'Text messages that came in, newest first.',
      args: record({
        from: optional(phone('Only from this number.')),
        since: optional(instant('Only since then.')),
        max: optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
      }),
      result: record({
        messages: Type.Array(
          record({ id: Type.String(), from: Type.String(), text: Type.String(), at: instant('When it came.') }),
        ),
      }),
      risk: 'low',
      effect: 'none',
    },
  },
  events: {
    'message-received': {
      summary: 'A text message came in.',
      payload: record({ id: Type.String(), from: Type.String(), text: Type.String(), at: instant('When it came.') }),
    },
  },
};
