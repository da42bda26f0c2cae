import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalWebSocket } from '../../../src/core/local-websocket.ts';
import { gatewayGreets } from '../../../src/services/host-agent/greeting.ts';

/** A server of raw bytes: what it sends is what the test says, frame by frame. */
let server: Server;
let port: number;
let serve: (socket: Socket) => void;
let received: Buffer[];
beforeEach(async () => {
  const taken: Buffer[] = [];
  received = taken;
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (request) => {
      socket.on('data', (chunk) => taken.push(chunk));
      const key = /Sec-WebSocket-Key: (\S+)/.exec(request.toString())?.[1];
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
      );
      serve(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
});
afterEach(() => server.close());

const frame = (first: number, payload: Buffer): Buffer => {
  const { length } = payload;
  const head = length < 126 ? [first, length] : length < 65_536 ? [first, 126, length >> 8, length & 255] : null;
  if (head) return Buffer.concat([Buffer.from(head), payload]);
  const long = Buffer.alloc(10);
  long.writeUInt16BE((first << 8) | 127);
  long.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([long, payload]);
};
const text = (said: string): Buffer => frame(0x81, Buffer.from(said));

/** A client's frame, unmasked. */
function unmasked(bytes: Buffer): { opcode: number; payload: string } {
  const short = (bytes[1] ?? 0) & 127;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  const mask = bytes.subarray(start, start + 4);
  const payload = bytes.subarray(start + 4).map((byte, index) => byte ^ (mask[index & 3] ?? 0));
  return { opcode: (bytes[0] ?? 0) & 15, payload: Buffer.from(payload).toString() };
}

async function open(): Promise<{ socket: LocalWebSocket; texts: string[]; closed: () => number }> {
  const texts: string[] = [];
  let closed = 0;
  const socket = await LocalWebSocket.connect(port, { onText: (said) => texts.push(said), onClose: () => closed++ });
  return { socket, texts, closed: () => closed };
}

test('takes short, long and very long messages, however they are cut', async () => {
  const messages = ['a', 'b'.repeat(200), 'ü'.repeat(70_000)];
  serve = async (socket) => {
    const bytes = Buffer.concat(messages.map(text));
    for (let at = 0; at < bytes.length; at += 4099) {
      socket.write(bytes.subarray(at, at + 4099));
      await new Promise(setImmediate);
    }
  };
  const { socket, texts } = await open();
  await expect.poll(() => texts).toEqual(messages);
  socket.close();
});

test('puts together what came in fragments, with a ping between them', async () => {
  serve = (socket) => {
    socket.write(frame(0x01, Buffer.from('one ')));
    socket.write(frame(0x89, Buffer.from('there?')));
    socket.write(frame(0x80, Buffer.from('two')));
  };
  const { socket, texts } = await open();
  await expect.poll(() => texts).toEqual(['one two']);
  await expect.poll(() => received.length).toBeGreaterThan(0);
  expect(unmasked(Buffer.concat(received))).toEqual({ opcode: 10, payload: 'there?' });
  socket.close();
});

test.each([5, 300, 70_000])('sends %i bytes masked', async (size) => {
  serve = () => {};
  const { socket } = await open();
  socket.send('x'.repeat(size));
  await expect.poll(() => Buffer.concat(received).length).toBeGreaterThanOrEqual(size + 6);
  expect(unmasked(Buffer.concat(received))).toEqual({ opcode: 1, payload: 'x'.repeat(size) });
  socket.close();
});

test.each<[string, (socket: Socket) => void]>([
  ['says goodbye', (socket) => socket.write(frame(0x88, Buffer.alloc(0)))],
  ['goes away', (socket) => socket.destroy()],
  ['sends what is too large', (socket) => socket.write(Buffer.from([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]))],
  ['masks, which no server does', (socket) => socket.write(Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]))],
])('a server that %s ends it, once', async (_, ends) => {
  serve = ends;
  const { closed } = await open();
  await expect.poll(closed).toBe(1);
});

test('what is no WebSocket server is told apart from nothing', async () => {
  const other = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\n\r\n')));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port: there } = other.address() as { port: number };
  const events = { onText: () => {}, onClose: () => {} };
  await expect(LocalWebSocket.connect(there, events)).rejects.toMatchObject({
    code: 'UNHEALTHY',
    message: `what answers on port ${there} is no gateway`,
    why: 'It said: HTTP/1.1 404 Not Found',
  });
  expect(await gatewayGreets(there, 5_000)).toBe(false);
  await new Promise((resolve) => other.close(resolve));
  await expect(LocalWebSocket.connect(there, events)).rejects.toMatchObject({
    message: `nothing answers on port ${there}`,
  });
  expect(await gatewayGreets(there, 5_000)).toBe(false);
});

test('a gateway greets; one that stays silent does not', async () => {
  serve = (socket) => socket.write(text('{"type":"event","event":"connect.challenge"}'));
  expect(await gatewayGreets(port, 5_000)).toBe(true);
  serve = () => {};
  expect(await gatewayGreets(port, 50)).toBe(false);
});
