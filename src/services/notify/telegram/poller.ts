import { setTimeout as sleep } from 'node:timers/promises';
import type { Bot } from 'grammy';
import { botOf, failureOf } from './api.ts';

const RETRY_MS = { first: 5_000, most: 300_000 };
const POLL_SECONDS = 30;
const CONFIRM_MS = 2_000;
const KINDS = ['callback_query', 'message'] as const;

export interface ButtonPress {
  data: string;
  /** Telegram's id of who pressed; in a private chat also the chat's. */
  from: string;
  /** What it sits under. */
  chat: string;
  message: number;
}

export interface WrittenText {
  from: string;
  text: string;
  /** Equal when it is handed out twice. */
  id: string;
}

export interface Taker {
  /** null: not mine. */
  pressed(press: ButtonPress): Promise<{ say: string; alert: boolean } | null>;
  /** What somebody writes in a private chat. */
  written(text: WrittenText): Promise<void>;
}

interface Poller {
  takers: Set<Taker>;
  /** Why nothing is heard at present; null = all is well. */
  trouble: string | null;
  stop: () => Promise<void>;
}

interface Listening {
  trouble(): string | null;
  stop(): Promise<void>;
}

/** By token and address: a bot has one reader, also when several tenants of a process share it. */
const pollers = new Map<string, Poller>();

/** Reads what is pressed and written, until it is stopped. */
export function listen(
  token: string,
  apiUrl: string | undefined,
  taker: Taker,
  warn: (message: string) => void,
): Listening {
  const name = `${token} ${apiUrl ?? ''}`;
  const poller = pollers.get(name) ?? start(token, apiUrl, warn);
  pollers.set(name, poller);
  poller.takers.add(taker);
  return {
    trouble: () => poller.trouble,
    stop: async () => {
      if (!poller.takers.delete(taker) || poller.takers.size > 0) return;
      pollers.delete(name);
      await poller.stop();
    },
  };
}

function start(token: string, apiUrl: string | undefined, warn: (message: string) => void): Poller {
  const takers = new Set<Taker>();
  const bot = botWith(token, apiUrl, takers);
  const end = new AbortController();
  const poller: Poller = {
    takers,
    trouble: null,
    stop: async () => {
      end.abort();
      await running;
    },
  };
  const running = read(
    bot,
    end.signal,
    (trouble) => {
      poller.trouble = trouble;
      if (trouble) warn(trouble);
    },
    warn,
  );
  return poller;
}

function botWith(token: string, apiUrl: string | undefined, takers: ReadonlySet<Taker>): Bot {
  const bot = botOf(token, apiUrl);
  bot.on('callback_query:data', async (context) => {
    const { data, from, message } = context.callbackQuery;
    const [chat, id] = [String(message?.chat.id ?? ''), message?.message_id ?? 0];
    let answer: Awaited<ReturnType<Taker['pressed']>> = null;
    for (const taker of takers) answer ??= await taker.pressed({ data, from: String(from.id), chat, message: id });
    answer ??= { say: 'This button is not known any more.', alert: true };
    await context.answerCallbackQuery({ text: answer.say.slice(0, 200), show_alert: answer.alert });
  });
  bot.chatType('private').command('start', async (context) => {
    await context.reply(
      `Your chat id is ${context.chat.id}. Whoever looks after this home can add it to your contacts.`,
    );
  });
  bot.chatType('private').on('message:text', async ({ from, message: { text, message_id: id } }) => {
    for (const taker of takers) await taker.written({ from: String(from.id), text, id: `telegram/${from.id}/${id}` });
  });
  return bot;
}

/** Not grammY's own loop: that one goes on for minutes without a word, and can't be ended while it waits. */
async function read(
  bot: Bot,
  end: AbortSignal,
  heard: (trouble: string | null) => void,
  warn: (message: string) => void,
): Promise<void> {
  const signal = end as never;
  let offset = 0;
  let delay = RETRY_MS.first;
  while (!end.aborted) {
    try {
      if (!bot.isInited()) {
        bot.botInfo = await bot.api.getMe(signal);
        await bot.api.deleteWebhook({}, signal);
      }
      const updates = await bot.api.getUpdates({ offset, timeout: POLL_SECONDS, allowed_updates: KINDS }, signal);
      delay = RETRY_MS.first;
      heard(null);
      for (const update of updates) {
        offset = update.update_id + 1;
        await bot
          .handleUpdate(update)
          .catch((error: { error?: unknown }) =>
            warn(`an update of Telegram was not handled: ${failureOf(error.error ?? error).message}`),
          );
      }
    } catch (error) {
      if (end.aborted) break;
      const { kind, message, retryAfterMs = delay } = failureOf(error);
      // A token that is refused stays so.
      if (kind === 'auth') return heard(`buttons are not heard: ${message}`);
      const why = / 409: /.test(message) ? 'something else reads this bot' : message;
      heard(`buttons are not heard: ${why}; next attempt in ${retryAfterMs / 1000} s`);
      await sleep(retryAfterMs, undefined, { signal: end, ref: false }).catch(() => {});
      delay = Math.min(delay * 2, RETRY_MS.most);
    }
  }
  // What was handled is not handed out again.
  if (offset > 0)
    await bot.api.getUpdates({ offset, limit: 1 }, AbortSignal.timeout(CONFIRM_MS) as never).catch(() => {});
}
