import { Type } from 'typebox';
import { instant, oneOf, optional, phone, record, text } from '../types.ts';
import type { ConnectorTable } from './operation.ts';

export const twilio: ConnectorTable = {
  name: 'twilio',
  summary: 'Calls and text messages through Twilio.',
  secrets: {
    accountSid: { name: 'TWILIO_ACCOUNT_SID', description: 'Account.' },
    authToken: { name: 'TWILIO_AUTH_TOKEN', description: 'Token of the account.' },
  },
  settings: record({ from: phone('Number that calls and writes; one of the account’s.') }),
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
        goodbye: optional(text('Said last.', 400)),
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
        status: oneOf(['completed', 'no-answer', 'busy', 'failed', 'canceled']),
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
  events: {},
};
