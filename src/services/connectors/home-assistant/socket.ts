import { failure, noAnswer } from '../../../core/http.ts';

const SERVICE = 'Home Assistant';
const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;
const PING_EVERY_MS = 30_000;
const RECONNECT_MS = { first: 1_000, most: 60_000 };

export interface HomeEvent {
  event_type: string;
  data: Record<string, unknown>;
  time_fired: string;
  context: { id: string };
}
type Handler = (event: HomeEvent) => void;

interface Message {
  id?: number;
  type: string;
  success?: boolean;
  result?: unknown;
  message?: string;
  error?: { code?: string; message?: string };
  event?: HomeEvent;
}

interface Waiting {
  take(message: Message): void;
  lost(): void;
}

interface Open {
  socket: WebSocket;
  waiting: Map<number, Waiting>;
  /** Command of a subscription → event type. */
  subscribed: Map<number, string>;
  next: number;
}

/**
 * A session of Home Assistant's WebSocket API (developers.home-assistant.io/docs/api/websocket), opened when it is needed.
 * While somebody listens for events it is opened again by itself.
 */
export class HomeSocket {
  readonly #url: string;
  readonly #token: string;
  readonly #warn: (message: string) => void;
  readonly #handlers = new Map<string, Set<Handler>>();
  #open: Promise<Open> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #ping: NodeJS.Timeout | undefined;
  #delayMs = RECONNECT_MS.first;
  #closed = false;

  constructor(url: string, token: string, warn: (message: string) => void) {
    this.#url = url;
    this.#token = token;
    this.#warn = warn;
  }

  /** One command and its result. `once`: not to be said twice, so a lost answer is in doubt. @throws VerbFailure */
  async command(command: Record<string, unknown>, signal: AbortSignal, once = false): Promise<unknown> {
    return this.#send(await this.#connected(), command, signal, once);
  }

  async #send(open: Open, command: Record<string, unknown>, signal: AbortSignal, once = false): Promise<unknown> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const id = open.next++;
    if (command.type === 'subscribe_events') open.subscribed.set(id, String(command.event_type));
    const lost = () => {
      const why = deadline.aborted ? 'did not answer in time' : 'closed the connection before it answered';
      reject(failure(once ? 'in-doubt' : 'unavailable', `${SERVICE} ${why}`));
    };
    open.waiting.set(id, { take: resolve, lost });
    deadline.addEventListener('abort', lost, { once: true });
    try {
      open.socket.send(JSON.stringify({ id, ...command }));
      return resultOf(await promise, once);
    } finally {
      open.waiting.delete(id);
      deadline.removeEventListener('abort', lost);
    }
  }

  /** Calls `handler` for each event of a type; returns what ends it. */
  listen(type: string, handler: Handler): () => void {
    const handlers = this.#handlers.get(type) ?? new Set();
    this.#handlers.set(type, handlers.add(handler));
    this.#keepOpen();
    return () => {
      handlers.delete(handler);
      if (handlers.size === 0) this.#handlers.delete(type);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#handlers.clear();
    clearTimeout(this.#retry);
    clearInterval(this.#ping);
    const open = await this.#open?.catch(() => undefined);
    open?.socket.close();
  }

  #connected(): Promise<Open> {
    if (this.#closed) return Promise.reject(failure('unavailable', `${SERVICE}: the connector is closed`));
    this.#open ??= this.#connect().catch((error: unknown) => {
      this.#open = undefined;
      throw error;
    });
    return this.#open;
  }

  async #connect(): Promise<Open> {
    const socket = new WebSocket(this.#url);
    await signedIn(socket, this.#token);
    const open: Open = { socket, waiting: new Map(), subscribed: new Map(), next: 1 };
    socket.addEventListener('message', ({ data }) => this.#receive(open, String(data)));
    socket.addEventListener('close', () => this.#lost(open));
    this.#delayMs = RECONNECT_MS.first;
    return open;
  }

  /** Connects and subscribes to all that is listened for; tries again later when that fails. */
  #keepOpen(): void {
    clearTimeout(this.#retry);
    this.#connected()
      .then(async (open) => {
        for (const type of this.#handlers.keys())
          if (![...open.subscribed.values()].includes(type))
            await this.#send(open, { type: 'subscribe_events', event_type: type }, AbortSignal.timeout(ANSWER_MS));
        clearInterval(this.#ping);
        this.#ping = setInterval(() => this.#alive(open), PING_EVERY_MS).unref();
      })
      .catch((error: unknown) => this.#later(error));
  }

  #later(error: unknown): void {
    if (this.#closed || this.#handlers.size === 0) return;
    const fault = noAnswer({ service: SERVICE }, error);
    // A token that is refused stays so, and Home Assistant may ban who tries too often.
    if (fault.kind === 'auth') {
      this.#warn(`no events any more: ${fault.message}`);
      return;
    }
    this.#warn(`events stopped: ${fault.message}; next attempt in ${this.#delayMs / 1000} s`);
    this.#retry = setTimeout(() => this.#keepOpen(), this.#delayMs).unref();
    this.#delayMs = Math.min(this.#delayMs * 2, RECONNECT_MS.most);
  }

  /** A connection can be dead without being closed (a hub that lost its power). */
  #alive(open: Open): void {
    this.command({ type: 'ping' }, AbortSignal.timeout(CONNECT_MS)).catch(() => open.socket.close());
  }

  #lost(open: Open): void {
    this.#open = undefined;
    clearInterval(this.#ping);
    for (const { lost } of open.waiting.values()) lost();
    if (this.#handlers.size > 0) this.#later(failure('unavailable', `${SERVICE} closed the connection`));
  }

  #receive(open: Open, text: string): void {
    const message = JSON.parse(text) as Message;
    if (message.id === undefined) return;
    if (message.type === 'event') {
      const handlers = this.#handlers.get(open.subscribed.get(message.id) ?? '') ?? [];
      for (const handler of handlers) if (message.event) handler(message.event);
      return;
    }
    open.waiting.get(message.id)?.take(message);
  }
}

/** auth_required → auth → auth_ok. */
function signedIn(socket: WebSocket, token: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(failure('unavailable', `${SERVICE} did not let us in in time`)), CONNECT_MS);
  const message = ({ data }: MessageEvent) => {
    const { type, message: said } = JSON.parse(String(data)) as Message;
    if (type === 'auth_required') socket.send(JSON.stringify({ type: 'auth', access_token: token }));
    else if (type === 'auth_ok') resolve();
    else if (type === 'auth_invalid') reject(failure('auth', `${SERVICE} refused the token: ${said ?? ''}`));
  };
  const ended = () => reject(failure('unavailable', `${SERVICE} did not answer (no WebSocket connection)`));
  socket.addEventListener('message', message);
  socket.addEventListener('close', ended);
  return promise
    .finally(() => {
      clearTimeout(timer);
      socket.removeEventListener('message', message);
      socket.removeEventListener('close', ended);
    })
    .catch((error: unknown) => {
      socket.close();
      throw error;
    });
}

function resultOf({ success, result, type, error }: Message, once: boolean): unknown {
  if (type === 'pong' || success) return result;
  const said = `${SERVICE} refused: ${error?.message ?? error?.code ?? 'without a reason'}`;
  if (error?.code === 'not_found') throw failure('not-found', said);
  if (error?.code === 'unauthorized') throw failure('auth', said);
  if (error?.code === 'timeout') throw failure(once ? 'in-doubt' : 'unavailable', said);
  throw failure('refused', said);
}
