import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CallOptions,
  type Channel,
  type Delivery,
  type Envelope,
  type MemberMessage,
  type OutMessage,
  VerbFailure,
} from '../../../core/ports/automation.ts';
import type { Member } from '../../../core/tenant/schema.ts';
import type { Decisions } from '../decisions.ts';
import type { Envelopes } from '../envelopes.ts';
import type { Outbox } from '../outbox.ts';
import { endText, questionText } from '../texts.ts';
import { botOf, failureOf } from './api.ts';
import { Buttons } from './buttons.ts';
import { type ButtonPress, listen, type WrittenText } from './poller.ts';
import { escapeHtml, split } from './text.ts';

const NAME = 'telegram';
/** A pause that Telegram asks for is kept here up to this long; a longer one is the caller's. */
const MAX_PAUSE_MS = 5_000;
const SETTLE_MS = 15_000;

export interface TelegramParts {
  tenant: string;
  timezone: string;
  members: readonly Pick<Member, 'id' | 'contacts'>[];
  token: string;
  apiUrl: string | undefined;
  envelopes: Envelopes;
  outbox: Outbox;
  decisions: Decisions;
  /** A member wrote to the bot. */
  written: (message: MemberMessage) => Promise<void>;
  warn: (message: string) => void;
}

/** A bot of the worker's own: messages, questions with buttons, and what is pressed. */
export function telegramChannel(parts: TelegramParts): Channel {
  const { api } = botOf(parts.token, parts.apiUrl);
  const { envelopes, outbox } = parts;
  const buttons = new Buttons(parts.token, parts.tenant);
  const listening = listen(parts.token, parts.apiUrl, { pressed, written }, parts.warn);

  async function send({ to, text, envelope }: OutMessage, { key, signal }: CallOptions): Promise<Delivery> {
    const chat = to.contacts.find(({ kind }) => kind === NAME)?.address ?? '';
    const kept = envelope ? envelopes.get(envelope.id) : null;
    const texts = split(text);
    // A key of a message belongs to one recipient, also where the caller's does not.
    const own = `${key}/${to.id}`;
    let id = '';
    for (const [part, piece] of texts.entries()) {
      const done = outbox.sent(NAME, own, part);
      const last = part === texts.length - 1;
      id = done?.id ?? (await say(chat, piece, last && kept ? buttons.of(kept) : [], signal));
      if (!done) outbox.markSent(NAME, { key: own, part, chat, id }, envelope?.id ?? null);
    }
    return { via: NAME, id };
  }

  async function say(chat: string, text: string, keyboard: ReturnType<Buttons['of']>, signal: AbortSignal) {
    const message = await patient(signal, () =>
      api.sendMessage(
        chat,
        escapeHtml(text),
        {
          parse_mode: 'HTML',
          link_preview_options: { is_disabled: true },
          ...(keyboard.length > 0 ? { reply_markup: { inline_keyboard: keyboard } } : {}),
        },
        signal as never,
      ),
    );
    return String(message.message_id);
  }

  /** Takes the buttons away and says how it ended. */
  async function edit(
    envelope: Envelope,
    chat: string,
    message: number,
    end: string,
    signal: AbortSignal,
  ): Promise<void> {
    const question = split(questionText(envelope, parts.timezone)).at(-1) ?? '';
    const text = `${escapeHtml(question)}\n\n<b>${escapeHtml(end)}</b>`;
    await patient(signal, () =>
      api.editMessageText(chat, message, text, { parse_mode: 'HTML' }, signal as never).catch((error: unknown) => {
        if (!/message is not modified|message to edit not found/.test(String(error))) throw error;
      }),
    );
  }

  const memberOf = (from: string) =>
    parts.members.find(({ contacts }) => contacts?.some(({ kind, address }) => kind === NAME && address === from));

  async function written({ from, text, id }: WrittenText): Promise<void> {
    const member = memberOf(from);
    if (member) await parts.written({ by: member.id, text, id });
  }

  async function pressed({ data, from, chat, message }: ButtonPress) {
    const found = buttons.read(data, (number) => envelopes.byNumber(number));
    if (!found) return null;
    const { envelope, verdict } = found;
    const member = memberOf(from);
    if (!member) return { say: 'You are not known here.', alert: true };
    const { counts, say } = await parts.decisions.hear({ envelope, by: member.id, verdict, via: NAME });
    const now = envelopes.get(envelope.id) ?? envelope;
    const end = now.state === 'open' ? `Your answer: ${verdict}` : endText(now.state);
    // In a private chat the question is answered; a group still has others to hear.
    if ((counts && chat === from) || now.state !== 'open')
      await edit(now, chat, message, end, AbortSignal.timeout(SETTLE_MS)).catch((error: unknown) =>
        parts.warn(`a question still shows its buttons: ${failureOf(error).message}`),
      );
    return { say, alert: !counts };
  }

  return {
    name: NAME,
    kind: NAME,
    reaches: ({ contacts }) => contacts.some(({ kind }) => kind === NAME),
    send,
    async check(signal) {
      try {
        const { username } = await api.getMe(signal as never);
        const trouble = listening.trouble();
        if (trouble) return { ok: false, detail: trouble };
        return { ok: true, detail: `signed in as @${username}; whether chats take messages was not tried` };
      } catch (error) {
        return { ok: false, detail: failureOf(error).message };
      }
    },
    async settled(envelope: Envelope): Promise<void> {
      const signal = AbortSignal.timeout(SETTLE_MS);
      const messages = outbox.about(NAME, envelope.id);
      const end = endText(envelope.state);
      const edits = await Promise.allSettled(
        messages.map(({ chat, id }) => edit(envelope, chat, Number(id), end, signal)),
      );
      for (const one of edits) if (one.status === 'rejected') throw failureOf(one.reason);
    },
    close: listening.stop,
  };
}

/** Once more after a short pause that Telegram asked for. @throws VerbFailure */
async function patient<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const failure = failureOf(error);
    const { kind, retryAfterMs: pause } = failure;
    if (kind !== 'rate-limited' || pause === undefined || pause > MAX_PAUSE_MS) throw failure;
    await sleep(pause, undefined, { signal }).catch(() => {
      throw new VerbFailure('rate-limited', failure.message, { retryAfterMs: pause });
    });
    return work().catch((second: unknown) => {
      throw failureOf(second);
    });
  }
}
