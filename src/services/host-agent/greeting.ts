import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const GREETING = 'connect.challenge';
const MAX_BYTES = 16_384;

/**
 * Does a gateway greet on this port, as it does before it asks who is there? Over a plain socket: the WebSocket client
 * takes longer to load than all the rest of a converged push.
 */
export function gatewayGreets(port: number, deadlineMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (greeted: boolean): void => {
      socket.destroy();
      resolve(greeted);
    };
    let seen = '';
    socket.setTimeout(deadlineMs, () => end(false));
    socket.once('error', () => end(false)).once('close', () => end(false));
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      if (seen.includes(GREETING)) end(true);
      else if (seen.length > MAX_BYTES) end(false);
    });
    const headers = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
    const key = `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`;
    socket.write(['GET / HTTP/1.1', `Host: 127.0.0.1:${port}`, ...headers, key, '', ''].join('\r\n'));
  });
}
