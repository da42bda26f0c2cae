import { randomUUID } from 'node:crypto';
import { ChpError } from './errors.ts';
import { LocalWebSocket } from './local-websocket.ts';

interface Response {
  type: 'res';
  id: string;
  ok: boolean;
  payload?: unknown;
  error?: { code?: string; message?: string };
}

const CONNECT_MS = 5_000;
/** clawdbot's, and openclaw's: each takes a client whose range holds its own. */
const PROTOCOLS = [3, 4] as const;

/** A WebSocket session with a gateway on this host, as its own programs have (operator role). */
export class GatewayClient implements AsyncDisposable {
  #socket: LocalWebSocket | undefined;
  readonly #waiting = new Map<
    string,
    { isFinal: (payload: unknown) => boolean; take: (response: Response) => void; fail: (error: Error) => void }
  >();
  #next = 0;
  #open = true;
  /** What the gateway said of itself at `connect`. */
  hello: { server?: { version?: string } } = {};

  private constructor() {}

  /** @throws UNHEALTHY when nothing answers or the token is refused; DEADLINE */
  static async connect(port: number, token: string, deadlineMs = CONNECT_MS): Promise<GatewayClient> {
    const client = new GatewayClient();
    const late = new AbortController();
    try {
      client.#socket = await within(deadlineMs, 'the gateway to accept a connection', () =>
        LocalWebSocket.connect(
          port,
          { onText: (text) => client.#receive(text), onClose: () => client.#closed() },
          late.signal,
        ),
      );
      client.hello = (await client.call(
        'connect',
        {
          minProtocol: PROTOCOLS[0],
          maxProtocol: PROTOCOLS[1],
          // The one that needs no device of its own: it is on the gateway's machine, and has its token.
          client: { id: 'gateway-client', version: '1', platform: 'linux', mode: 'backend' },
          role: 'operator',
          scopes: ['operator.admin'],
          auth: { token },
        },
        deadlineMs,
      )) as typeof client.hello;
      return client;
    } catch (error) {
      late.abort();
      throw error;
    }
  }

  /** Whether a call can still be answered. */
  get open(): boolean {
    return this.#open;
  }

  /** One request. `isFinal` passes over earlier answers of calls that are accepted first (`agent`). */
  call(
    method: string,
    params: unknown,
    deadlineMs = 10_000,
    isFinal: (payload: unknown) => boolean = () => true,
  ): Promise<unknown> {
    const id = `${++this.#next}-${randomUUID()}`;
    return within(
      deadlineMs,
      `the gateway to answer ${method}`,
      () =>
        new Promise((resolve, reject) => {
          this.#waiting.set(id, {
            isFinal,
            fail: reject,
            take: (response) =>
              response.ok
                ? resolve(response.payload)
                : reject(
                    new ChpError(
                      'UNHEALTHY',
                      `the gateway refused ${method}: ${response.error?.message ?? 'no reason given'}`,
                      { details: { refused: method, gateway: response.error?.code } },
                    ),
                  ),
          });
          if (this.#open) this.#socket?.send(JSON.stringify({ type: 'req', id, method, params }));
          else this.#closed();
        }),
    ).finally(() => this.#waiting.delete(id));
  }

  #receive(text: string): void {
    const frame = JSON.parse(text) as Response;
    if (frame.type !== 'res') return;
    const waiting = this.#waiting.get(frame.id);
    if (waiting && (!frame.ok || waiting.isFinal(frame.payload))) waiting.take(frame);
  }

  #closed(): void {
    this.#open = false;
    for (const { fail } of this.#waiting.values()) fail(new ChpError('UNHEALTHY', 'the gateway closed the connection'));
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.close();
  }
}

async function within<T>(ms: number, what: string, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ChpError('DEADLINE', `waited ${ms / 1000} s for ${what}`)), ms);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
