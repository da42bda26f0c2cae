import { type Answer, type Asked, type Fake, serve } from './server.ts';

export interface TelegramOptions {
  port?: number;
  host?: string;
  /** Of the one bot there is. */
  token?: string;
  /** Chats that know the bot; a private chat has the id of its user. */
  chats?: (number | string)[];
  /** Who has blocked it. */
  blocked?: (number | string)[];
}

interface Button {
  text: string;
  callback_data: string;
}

export interface ChatMessage {
  message_id: number;
  chat: string;
  /** As it is read: entities resolved. */
  text: string;
  buttons: Button[];
  edits: number;
}

export interface FakeTelegram extends Fake {
  readonly messages: ChatMessage[];
  /** What people were shown after a press, in order. */
  readonly answers: { text: string; alert: boolean }[];
  /** Somebody presses the button of that name, or sends made-up data. */
  press(message: ChatMessage, button: string | { data: string }, from?: number | string): void;
  /** Somebody writes in a private chat. */
  write(from: number | string, text: string): void;
  /** Requests of getUpdates that wait now. */
  polls(): number;
  /** As when another program reads the bot: the one that waits is told to go. */
  conflict(): void;
}

class Refusal extends Error {
  readonly code: number;
  readonly parameters: object | undefined;
  constructor(code: number, description: string, parameters?: object) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}
type Params = Record<string, any>;
const bad = (description: string) => new Refusal(400, `Bad Request: ${description}`);
const CONFLICT = 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';

/** Telegram's Bot API (core.telegram.org/bots/api), as far as messages with buttons go. */
export async function startTelegram(options: TelegramOptions = {}): Promise<FakeTelegram> {
  const { token = '1000:AAbot-token-1', chats = [], blocked = [] } = options;
  const known = new Set([...chats, ...blocked].map(String));
  const messages: ChatMessage[] = [];
  const answers: FakeTelegram['answers'] = [];
  const updates: { update_id: number; [kind: string]: unknown }[] = [];
  const queries = new Set<string>();
  let next = 1;
  let waiting: { resolve: () => void; reject: (error: Refusal) => void } | undefined;

  const methods: Record<string, (params: Params) => unknown> = {
    getMe: () => ({ id: 1000, is_bot: true, first_name: 'Home', username: 'home_bot', can_join_groups: true }),
    deleteWebhook: () => true,
    getUpdates,
    sendMessage,
    editMessageText,
    answerCallbackQuery,
  };

  const fake = await serve(async (asked) => {
    const [, given = '', method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(asked.path) ?? [];
    if (!/^\d+:[\w-]+$/.test(decodeURIComponent(given))) return failed(new Refusal(404, 'Not Found'));
    if (decodeURIComponent(given) !== token) return failed(new Refusal(401, 'Unauthorized'));
    const act = methods[method];
    if (!act) return failed(new Refusal(404, 'Not Found: method not found'));
    try {
      return { status: 200, body: { ok: true, result: await act(paramsOf(asked)) } };
    } catch (error) {
      if (error instanceof Refusal) return failed(error);
      throw error;
    }
  }, options);

  async function getUpdates({ offset = 0, timeout = 0, limit = 100 }: Params) {
    waiting?.reject(new Refusal(409, CONFLICT));
    waiting = undefined;
    updates.splice(0, updates.findIndex(({ update_id }) => update_id >= offset) >>> 0);
    if (updates.length === 0 && timeout > 0)
      await new Promise<void>((resolve, reject) => {
        const done = () => {
          clearTimeout(timer);
          waiting = undefined;
          resolve();
        };
        const timer = setTimeout(done, timeout * 1000).unref();
        waiting = { resolve: done, reject };
      });
    return updates.slice(0, limit);
  }

  function push(kind: string, update: object): void {
    updates.push({ update_id: next++, [kind]: update });
    waiting?.resolve();
  }

  function chatOf(id: unknown): string {
    const chat = String(id ?? '');
    if (chat === '') throw bad('chat_id is empty');
    if (!known.has(chat)) throw bad('chat not found');
    if (blocked.map(String).includes(chat)) throw new Refusal(403, 'Forbidden: bot was blocked by the user');
    return chat;
  }

  function sendMessage({ chat_id, text, parse_mode, reply_markup }: Params) {
    const chat = chatOf(chat_id);
    const message = {
      message_id: next++,
      chat,
      text: readable(text, parse_mode),
      buttons: buttonsOf(reply_markup),
      edits: 0,
    };
    messages.push(message);
    return shown(message);
  }

  function editMessageText({ chat_id, message_id, text, parse_mode, reply_markup }: Params) {
    const chat = chatOf(chat_id);
    const message = messages.find((one) => one.chat === chat && one.message_id === Number(message_id));
    if (!message) throw bad('message to edit not found');
    const [words, buttons] = [readable(text, parse_mode), buttonsOf(reply_markup)];
    if (words === message.text && JSON.stringify(buttons) === JSON.stringify(message.buttons))
      throw bad('message is not modified: specified new message content and reply markup are exactly the same');
    Object.assign(message, { text: words, buttons, edits: message.edits + 1 });
    return shown(message);
  }

  function answerCallbackQuery({ callback_query_id, text = '', show_alert = false }: Params) {
    if (!queries.delete(String(callback_query_id)))
      throw bad('query is too old and response timeout expired or query ID is invalid');
    if (text.length > 200) throw bad('MESSAGE_TOO_LONG');
    answers.push({ text, alert: show_alert });
    return true;
  }

  return {
    ...fake,
    messages,
    answers,
    polls: () => (waiting ? 1 : 0),
    conflict: () => {
      waiting?.reject(new Refusal(409, CONFLICT));
      waiting = undefined;
    },
    press: (message, button, from = message.chat) => {
      const data =
        typeof button === 'string' ? message.buttons.find(({ text }) => text === button)?.callback_data : button.data;
      if (data === undefined) throw new Error(`no button “${button}”: ${JSON.stringify(message)}`);
      const id = `q${next++}`;
      queries.add(id);
      push('callback_query', { id, from: userOf(from), message: shown(message), chat_instance: '1', data });
    },
    write: (from, text) => {
      const entities = text.startsWith('/')
        ? [{ type: 'bot_command', offset: 0, length: text.split(' ')[0]?.length }]
        : [];
      push('message', {
        message_id: next++,
        date: 0,
        from: userOf(from),
        chat: { id: Number(from), type: 'private' },
        text,
        entities,
      });
      known.add(String(from));
    },
    close: async () => {
      waiting?.resolve();
      await fake.close();
    },
  };
}

/** What is left when the HTML is taken away; anything that Telegram can't parse is refused. */
function readable(text: unknown, mode: unknown): string {
  if (typeof text !== 'string' || text.trim() === '') throw bad('message text is empty');
  const plain = mode === 'HTML' ? withoutTags(text) : text;
  if (plain.length > 4096) throw bad('message is too long');
  return plain;
}

function withoutTags(text: string): string {
  const open: string[] = [];
  const plain = text.replace(
    /<(\/?)([^\s>]*)[^>]*>|<|&(\w+|#\d+)?;?/g,
    (match, slash: string | undefined, tag: string | undefined, entity: string | undefined) => {
      if (match.startsWith('&')) {
        const letter = { lt: '<', gt: '>', amp: '&', quot: '"' }[entity ?? ''];
        return letter ?? match;
      }
      if (!tag || !['b', 'i', 'u', 's', 'code', 'pre', 'a'].includes(tag))
        throw bad(`can't parse entities: Unsupported start tag "${tag ?? ''}"`);
      if (!slash) open.push(tag);
      else if (open.pop() !== tag) throw bad("can't parse entities: Unmatched end tag");
      return '';
    },
  );
  if (open.length > 0)
    throw bad(`can't parse entities: Can't find end tag corresponding to start tag "${open.at(-1)}"`);
  return plain;
}

function buttonsOf(markup: { inline_keyboard?: Button[][] } | undefined): Button[] {
  const buttons = (markup?.inline_keyboard ?? []).flat();
  for (const { text, callback_data: data } of buttons) {
    if (!text) throw bad('text buttons are unallowed in the inline keyboard');
    const bytes = Buffer.byteLength(data ?? '');
    if (bytes < 1 || bytes > 64) throw bad('BUTTON_DATA_INVALID');
  }
  return buttons;
}

function paramsOf(asked: Asked): Params {
  if (asked.body === '') return Object.fromEntries(asked.query);
  return asked.headers['content-type']?.startsWith('application/json')
    ? JSON.parse(asked.body)
    : Object.fromEntries(new URLSearchParams(asked.body));
}

const userOf = (id: number | string) => ({ id: Number(id), is_bot: false, first_name: 'Somebody' });

const shown = ({ message_id, chat, text }: ChatMessage) => ({
  message_id,
  date: 0,
  chat: { id: Number(chat), type: Number(chat) < 0 ? 'group' : 'private' },
  text,
});

const failed = ({ code, message, parameters }: Refusal): Answer => ({
  status: code,
  body: { ok: false, error_code: code, description: message, ...(parameters ? { parameters } : {}) },
});
