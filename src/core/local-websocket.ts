import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { ChpError } from './errors.ts';

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const [CONTINUATION, TEXT, CLOSE, PING, PONG] = [0, 1, 8, 9, 10];
const MAX_HEAD = 16 * 1024;
const MAX_MESSAGE = 64 * 1024 * 1024;

export interface WebSocketEvents {
  onText(text: string): void;
  /** Called once, however it ended. */
  onClose(): void;
}

/**
 * A WebSocket to a server on this machine: text, no extensions. Node's own costs more CPU time to load than all the
 * rest of a push, which matters on a small hub.
 */
export class LocalWebSocket {
  readonly #socket: Socket;
  readonly #events: WebSocketEvents;
  #held: Buffer = Buffer.alloc(0);
  #message: Buffer[] = [];

  private constructor(socket: Socket, events: WebSocketEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /** @throws UNHEALTHY when nothing answers, or something else than a WebSocket server does */
  static async connect(port: number, events: WebSocketEvents, signal?: AbortSignal): Promise<LocalWebSocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...(signal ? { signal } : {}) });
    const key = randomBytes(16).toString('base64');
    const headers = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
    socket.write(
      ['GET / HTTP/1.1', `Host: 127.0.0.1:${port}`, ...headers, `Sec-WebSocket-Key: ${key}`, '', ''].join('\r\n'),
    );
    try {
      const [head, rest] = await readHead(socket);
      const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
      if (!/^HTTP\/1\.1 101 /.test(head) || !head.split('\r\n').some((line) => isAccept(line, accept)))
        throw new ChpError('UNHEALTHY', `what answers on port ${port} is no gateway`, {
          why: `It said: ${statusOf(head)}`,
        });
      const opened = new LocalWebSocket(socket, events);
      opened.#listen(rest);
      return opened;
    } catch (error) {
      socket.destroy();
      if (error instanceof ChpError) throw error;
      throw new ChpError('UNHEALTHY', `nothing answers on port ${port}`, { cause: error });
    }
  }

  send(text: string): void {
    this.#frame(TEXT, Buffer.from(text));
  }

  close(): void {
    this.#frame(CLOSE, Buffer.from([3, 232]));
    this.#socket.destroySoon();
  }

  #listen(rest: Buffer): void {
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.once('close', () => this.#events.onClose());
    this.#socket.on('error', () => {});
    this.#take(rest);
    this.#socket.resume();
  }

  #take(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (let frame = this.#next(); frame; frame = this.#next()) this.#receive(frame);
  }

  /** The next whole frame; a server's are never masked. */
  #next(): { final: boolean; opcode: number; payload: Buffer } | null {
    const held = this.#held;
    if (held.length < 2) return null;
    const [first = 0, short = 0] = held;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (short < 128 && held.length < start) return null;
    const length = short < 126 ? short : short === 126 ? held.readUInt16BE(2) : longLength(held);
    if (length > MAX_MESSAGE) {
      this.#socket.destroy();
      return null;
    }
    if (held.length < start + length) return null;
    this.#held = held.subarray(start + length);
    return { final: first >= 0x80, opcode: first & 0x0f, payload: held.subarray(start, start + length) };
  }

  #receive({ final, opcode, payload }: { final: boolean; opcode: number; payload: Buffer }): void {
    if (opcode === PING) this.#frame(PONG, payload);
    if (opcode === CLOSE) this.#socket.end();
    if (opcode !== TEXT && opcode !== CONTINUATION) return;
    this.#message.push(payload);
    if (!final) return;
    const text = Buffer.concat(this.#message).toString('utf8');
    this.#message = [];
    this.#events.onText(text);
  }

  /** A client masks what it sends (RFC 6455, section 5.3). */
  #frame(opcode: number, payload: Buffer): void {
    const size = payload.length;
    const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (size < 126 ? size : size < 65_536 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(size, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(size), 2);
    const mask = randomBytes(4);
    const masked = Buffer.from(payload.map((byte, at) => byte ^ (mask[at & 3] as number)));
    if (this.#socket.writable) this.#socket.write(Buffer.concat([head, mask, masked]));
  }
}

/** One that is masked, which a server's never is, counts as too large. */
const longLength = (head: Buffer): number =>
  head[1] === 127 ? Number(head.readBigUInt64BE(2)) : Number.POSITIVE_INFINITY;
const statusOf = (head: string): string => head.split('\r\n', 1)[0] ?? '';
const isAccept = (line: string, accept: string): boolean =>
  /^sec-websocket-accept:/i.test(line) && line.slice(line.indexOf(':') + 1).trim() === accept;

/** The HTTP answer's head, and what came right behind it. */
function readHead(socket: Socket): Promise<[head: string, rest: Buffer]> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const settle = (outcome: () => void): void => {
      socket.off('data', onData).off('error', onEnd).off('close', onEnd);
      outcome();
    };
    const onEnd = (error?: Error | boolean): void =>
      settle(() => reject(error instanceof Error ? error : new Error('it closed the connection')));
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf('\r\n\r\n');
      if (end < 0 && seen.length <= MAX_HEAD) return;
      socket.pause();
      if (end < 0) onEnd(new Error('its answer has no end'));
      else settle(() => resolve([seen.toString('latin1', 0, end), seen.subarray(end + 4)]));
    };
    socket.on('data', onData).on('error', onEnd).on('close', onEnd);
  });
}
