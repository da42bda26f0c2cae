// A stand-in for the gateway where fifty of them must fit on one machine: a WebSocket server that answers the checks.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const config = JSON.parse(readFileSync(process.env.CLAWDBOT_CONFIG_PATH, 'utf8'));
if (process.argv[2] !== 'gateway') process.exit(0);

const skillNames = () => (config.skills?.load?.extraDirs ?? []).flatMap((dir) => readdirSync(dir));
const ANSWERS = {
  connect: () => ({ server: {} }),
  health: () => ({ ok: true }),
  agent: () => ({ result: { payloads: [{ text: 'Hello.' }], meta: {} } }),
  'chat.history': () => ({ messages: [{ role: 'assistant', stopReason: 'stop' }] }),
  'skills.status': () => ({ skills: skillNames().map((name) => ({ name, eligible: true })) }),
};

const server = createServer((_, response) => response.end());
server.on('upgrade', ({ headers }, socket) => {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  socket.on('error', () => {});
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
  );
  const say = (value) => {
    const payload = Buffer.from(JSON.stringify(value));
    const head = Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]);
    socket.write(Buffer.concat([head, payload]));
  };
  let held = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 6) {
      const start = (held[1] & 127) === 126 ? 8 : 6;
      const size = start === 8 ? held.readUInt16BE(2) : held[1] & 127;
      if (held.length < start + size) return;
      const [opcode, mask] = [held[0] & 15, held.subarray(start - 4, start)];
      const text = Buffer.from(held.subarray(start, start + size).map((byte, at) => byte ^ mask[at & 3])).toString();
      held = held.subarray(start + size);
      if (opcode === 8) return void socket.end();
      if (opcode !== 1) continue;
      const { id, method } = JSON.parse(text);
      say({ type: 'res', id, ok: true, payload: ANSWERS[method]?.() ?? {} });
    }
  });
  say({ type: 'event', event: 'connect.challenge' });
});
server.listen(config.gateway.port, '127.0.0.1');
