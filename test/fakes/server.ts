import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What every fake is: a small server that speaks a real protocol and can be told to fail as the real one does. */
export interface Fake {
  /** Without a slash at its end. */
  readonly url: string;
  /** What was asked, in order. */
  readonly requests: Asked[];
  /** Fails the next request (or `times`) whose `METHOD /path` matches. */
  fail(fault: Fault): void;
  /** Nothing fails any more. */
  mend(): void;
  close(): Promise<void>;
}

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Fault {
  /** Of `METHOD /path?query`; any where nothing is said. */
  match?: RegExp;
  /** Lets so many that match through before. */
  after?: number;
  times?: number;
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** `before`: the connection is cut and nothing was done; `after`: it was done, and the answer is lost; `hang`: no answer. */
  cut?: 'before' | 'after' | 'hang';
  /** It is done, and answered so late. */
  delayMs?: number;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** A text as it is, anything else as JSON. */
  body?: unknown;
}

export interface Served extends Fake {
  readonly server: Server;
}

/** Answers by `handle`, on loopback. `host` other than that is for hosts in containers. */
export async function serve(
  handle: (asked: Asked) => Answer | Promise<Answer>,
  options: { port?: number; host?: string } = {},
): Promise<Served> {
  const requests: Asked[] = [];
  const faults: (Fault & { left: number })[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(`fault of the fake: ${error instanceof Error ? error.stack : String(error)}`);
    });
  });

  function faultOf(line: string): Fault | undefined {
    const fault = faults.find(({ match, left }) => left > 0 && (match?.test(line) ?? true));
    if (fault?.after) {
      fault.after--;
      return undefined;
    }
    if (fault) fault.left--;
    return fault;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const asked: Asked = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: await read(request),
    };
    requests.push(asked);
    const fault = faultOf(`${asked.method} ${request.url}`);
    if (fault?.cut === 'hang') return;
    if (fault?.cut === 'before') return void request.socket.destroy();
    if (fault && fault.cut === undefined && fault.delayMs === undefined)
      return send(response, { status: 500, ...fault });
    const result = await handle(asked);
    if (fault?.delayMs) await sleep(fault.delayMs);
    if (fault?.cut === 'after') return void request.socket.destroy();
    send(response, result);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  return {
    server,
    requests,
    url: `http://${options.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`,
    fail: (fault) => void faults.push({ ...fault, left: fault.times ?? 1 }),
    mend: () => {
      faults.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' || body === undefined ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers }).end(status === 204 ? undefined : text);
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** User and password of `Authorization: Basic`. */
export function basicOf(asked: Asked): { user: string; password: string } | null {
  const [scheme, value] = (asked.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic' || !value) return null;
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

export function bearerOf(asked: Asked): string | null {
  const [scheme, value] = (asked.headers.authorization ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && value ? value : null;
}
