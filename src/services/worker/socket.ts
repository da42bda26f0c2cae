import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { ChpError } from '../../core/errors.ts';
import { log } from './log.ts';

export type Answer = (method: string, params: unknown) => Promise<unknown>;

const MAX_REQUEST = 1024 * 1024;

/**
 * Answers JSON lines on a Unix socket that only its owner may open. Whatever comes in, the others go on: a bad line gets
 * an error, one over 1 MiB ends its connection.
 */
export async function serveSocket(path: string, answer: Answer): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => serve(socket, answer));
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  } finally {
    process.umask(mask);
  }
  return server;
}

function serve(socket: Socket, answer: Answer): void {
  let pending = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const newline = chunk.lastIndexOf(10);
    pending = newline < 0 ? pending + chunk.byteLength : chunk.byteLength - newline;
    if (pending > MAX_REQUEST) socket.destroy();
  });
  createInterface({ input: socket, crlfDelay: Infinity })
    .on('line', (line) => {
      if (line.length > MAX_REQUEST) return void socket.destroy();
      void respond(line, answer).then((text) => socket.writable && socket.write(text));
    })
    // It hands on what its input fails with.
    .on('error', () => {});
}

async function respond(line: string, answer: Answer): Promise<string> {
  let id: unknown = null;
  try {
    const request = parse(line);
    id = request.id;
    const result = await answer(request.method, request.params);
    return `${JSON.stringify({ id, ok: true, result: result ?? {} })}\n`;
  } catch (error) {
    const fault =
      error instanceof ChpError ? error : new ChpError('INTERNAL', (error as Error).message, { cause: error });
    if (fault.code === 'INTERNAL') log('error', 'request-failed', { error });
    return `${JSON.stringify({ id, ok: false, error: fault })}\n`;
  }
}

/** @throws BAD_INPUT */
function parse(line: string): { id: unknown; method: string; params: unknown } {
  const value = json(line) as { id?: unknown; method?: unknown; params?: unknown } | null;
  if (typeof value !== 'object' || value === null || typeof value.method !== 'string')
    throw new ChpError('BAD_INPUT', 'a request is one line of JSON: {id, method, params}');
  return { id: value.id ?? null, method: value.method, params: value.params ?? {} };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
