import { createServer } from 'node:net';
import { ChpError } from '../core/errors.ts';
import { DEFAULT_PORT } from '../core/tenant/defaults.ts';

/** The gateway takes its port and two above; the demo model five, Temporal seven above. */
const OFFSETS = [0, 2, 5, 7];

/** A gateway port whose neighbours are free too, from the default one upwards. @throws CONFLICT */
export async function freePort(): Promise<number> {
  for (let port = DEFAULT_PORT; port < DEFAULT_PORT + 1_000; port += 10) {
    const free = await Promise.all(OFFSETS.map((offset) => isFree(port + offset)));
    if (free.every(Boolean)) return port;
  }
  throw new ChpError('CONFLICT', `no free port from ${DEFAULT_PORT} on`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
