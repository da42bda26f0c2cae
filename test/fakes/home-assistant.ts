import { type WebSocket, WebSocketServer } from 'ws';
import { type Device, Home, type HomeState, ServiceError } from './home-devices.ts';
import { type Answer, type Asked, bearerOf, type Fake, serve } from './server.ts';

export interface HomeOptions {
  port?: number;
  host?: string;
  token?: string;
  devices?: Device[];
}

export interface FakeHome extends Fake {
  state(entity: string): string | undefined;
  /** As if somebody did it by hand. */
  set(entity: string, state: string): void;
  /** Service calls that were carried out. */
  readonly calls: Home['calls'];
  /** Open WebSocket sessions that are signed in. */
  sessions(): number;
  /** Cuts every WebSocket, as a restart does. */
  cut(): void;
  /** The next service call is carried out and its answer lost, or never answered. */
  loseAnswer(how: 'cut' | 'hang'): void;
}

interface Command {
  id?: unknown;
  type?: unknown;
  [field: string]: unknown;
}

const VERSION = '2026.11.1';

/** Home Assistant's REST and WebSocket API (developers.home-assistant.io), with a home of your choice behind it. */
export async function startHomeAssistant(options: HomeOptions = {}): Promise<FakeHome> {
  const token = options.token ?? 'home-token-1';
  const sessions = new Set<Session>();
  let lose: 'cut' | 'hang' | undefined;
  const home = new Home(options.devices ?? [], (from, to) => {
    for (const session of sessions) session.changed(from, to);
  });
  const fake = await serve((asked) => rest(home, token, asked), options);
  const sockets = new WebSocketServer({ server: fake.server, path: '/api/websocket' });
  sockets.on('connection', (socket) => {
    const session = new Session(socket, home, token, () => {
      const how = lose;
      lose = undefined;
      return how;
    });
    sessions.add(session);
    socket.on('close', () => sessions.delete(session));
  });
  const cut = () => {
    for (const socket of sockets.clients) socket.terminate();
  };
  return {
    ...fake,
    calls: home.calls,
    state: (entity) => home.states.get(entity)?.state,
    set: (entity, state) => home.set(entity, state),
    sessions: () => [...sessions].filter(({ signedIn }) => signedIn).length,
    cut,
    loseAnswer: (how) => {
      lose = how;
    },
    close: async () => {
      home.close();
      cut();
      sockets.close();
      await fake.close();
    },
  };
}

function rest(home: Home, token: string, asked: Asked): Answer {
  if (!asked.path.startsWith('/api/')) return { status: 404, body: '404: Not Found' };
  if (bearerOf(asked) !== token) return { status: 401, body: '401: Unauthorized' };
  if (asked.method !== 'GET') return { status: 405, body: '405: Method Not Allowed' };
  if (asked.path === '/api/') return { status: 200, body: { message: 'API running.' } };
  if (asked.path === '/api/config')
    return { status: 200, body: { version: VERSION, location_name: 'Home', state: 'RUNNING' } };
  if (asked.path === '/api/states') return { status: 200, body: [...home.states.values()] };
  const entity = /^\/api\/states\/(.+)$/.exec(asked.path)?.[1];
  if (entity === undefined) return { status: 404, body: '404: Not Found' };
  const state = home.states.get(entity);
  return state ? { status: 200, body: state } : { status: 404, body: { message: 'Entity not found.' } };
}

class Session {
  readonly #socket: WebSocket;
  readonly #home: Home;
  readonly #token: string;
  readonly #lose: () => 'cut' | 'hang' | undefined;
  readonly #subscriptions = new Map<number, string>();
  #last = 0;
  signedIn = false;

  constructor(socket: WebSocket, home: Home, token: string, lose: () => 'cut' | 'hang' | undefined) {
    this.#socket = socket;
    this.#home = home;
    this.#token = token;
    this.#lose = lose;
    this.#send({ type: 'auth_required', ha_version: VERSION });
    socket.on('message', (data) => this.#receive(String(data)));
  }

  changed(from: HomeState | null, to: HomeState | null): void {
    for (const [id, type] of this.#subscriptions)
      if (type === 'state_changed' || type === '*')
        this.#send({
          id,
          type: 'event',
          event: {
            event_type: 'state_changed',
            data: { entity_id: (to ?? from)?.entity_id, old_state: from, new_state: to },
            origin: 'LOCAL',
            time_fired: to?.last_updated ?? new Date().toISOString(),
            context: to?.context ?? { id: 'none', parent_id: null, user_id: null },
          },
        });
  }

  #receive(text: string): unknown {
    let message: Command;
    try {
      message = JSON.parse(text) as Command;
    } catch {
      return this.#socket.close();
    }
    if (!this.signedIn) return this.#signIn(message);
    const { id } = message;
    if (typeof id !== 'number' || typeof message.type !== 'string')
      return this.#refuse(typeof id === 'number' ? id : 0, 'invalid_format', 'Message incorrectly formatted.');
    if (id <= this.#last) return this.#refuse(id, 'id_reuse', 'Identifier values have to increase.');
    this.#last = id;
    return this.#command(id, message);
  }

  #signIn(message: Command): unknown {
    if (message.type !== 'auth' || typeof message.access_token !== 'string') {
      this.#send({ type: 'auth_invalid', message: 'Auth message incorrectly formatted' });
      return this.#socket.close();
    }
    if (message.access_token !== this.#token) {
      this.#send({ type: 'auth_invalid', message: 'Invalid access token or password' });
      return this.#socket.close();
    }
    this.signedIn = true;
    return this.#send({ type: 'auth_ok', ha_version: VERSION });
  }

  #command(id: number, message: Command): unknown {
    switch (message.type) {
      case 'ping':
        return this.#send({ id, type: 'pong' });
      case 'subscribe_events':
        this.#subscriptions.set(id, String(message.event_type ?? '*'));
        return this.#result(id, null);
      case 'unsubscribe_events':
        return this.#subscriptions.delete(Number(message.subscription))
          ? this.#result(id, null)
          : this.#refuse(id, 'not_found', 'Subscription not found.');
      case 'call_service':
        return this.#callService(id, message);
      default:
        return this.#refuse(id, 'unknown_command', 'Unknown command.');
    }
  }

  #callService(id: number, message: Command): unknown {
    const { domain, service, service_data: data = {}, target, return_response: answers = false } = message;
    if (typeof domain !== 'string' || typeof service !== 'string')
      return this.#refuse(id, 'invalid_format', "required key not provided @ data['domain']");
    const entity = (target as { entity_id?: string } | undefined)?.entity_id;
    try {
      const response = this.#home.call(domain, service, entity, data as Record<string, unknown>, answers === true);
      const how = this.#lose();
      if (how === 'cut') return this.#socket.terminate();
      if (how === 'hang') return undefined;
      const context = { id: `CTX${id}`, parent_id: null, user_id: 'user-1' };
      return this.#result(id, answers ? { context, response } : { context });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return this.#refuse(id, error.code, error.message);
    }
  }

  #result(id: number, result: unknown): void {
    this.#send({ id, type: 'result', success: true, result });
  }

  #refuse(id: number, code: string, message: string): void {
    this.#send({ id, type: 'result', success: false, error: { code, message } });
  }

  #send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }
}
