import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback whose connections can be cut or silenced, at a byte or at a moment. */
export class CutProxy implements AsyncDisposable {
  /** Cuts a connection after so many bytes in one direction; null = never. */
  cutAfter: { sent?: number; received?: number } | null = null;
  /** So many of the next connections are closed at once. */
  refuse = 0;
  /** Of what is sent; null = as fast as it goes. */
  bytesPerSecond: number | null = null;
  /** Bytes of the last connection. */
  sent = 0;
  received = 0;
  /** Connections that were made. */
  count = 0;
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(to: { host?: string; port: number }): Promise<CutProxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new CutProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => proxy.#join(client, connect({ noDelay: true, host: '127.0.0.1', ...to })));
    return proxy;
  }

  /** As it was at the start. */
  heal(): void {
    this.cutAfter = null;
    this.bytesPerSecond = null;
    this.refuse = 0;
    this.count = 0;
    this.sent = 0;
    this.received = 0;
  }

  /** Ends every connection at once, as a reset does. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** Passes nothing on any more, and says nothing of it: as when a cable is pulled. */
  freeze(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.removeAllListeners('data').pause();
  }

  #join(client: Socket, server: Socket): void {
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    this.count += 1;
    if (this.refuse > 0) {
      this.refuse -= 1;
      for (const socket of pair) socket.on('error', () => {}).end();
      return;
    }
    this.sent = 0;
    this.received = 0;
    const pass = (from: Socket, to: Socket, direction: 'sent' | 'received'): void => {
      from.on('data', (chunk: Buffer) => {
        const left = (this.cutAfter?.[direction] ?? Number.POSITIVE_INFINITY) - this[direction];
        this[direction] += chunk.byteLength;
        if (chunk.byteLength < left) {
          const full = !to.write(chunk);
          const slow = direction === 'sent' && this.bytesPerSecond !== null;
          if (full || slow) from.pause();
          if (slow) setTimeout(() => from.resume(), (chunk.byteLength / (this.bytesPerSecond as number)) * 1000);
          else if (full) to.once('drain', () => from.resume());
          return;
        }
        // What came before the cut does arrive.
        to.write(chunk.subarray(0, left), () => {
          for (const socket of pair) socket.resetAndDestroy();
        });
      });
      from.on('error', () => {});
      from.once('end', () => to.end());
      from.once('close', () => {
        this.#pairs.delete(pair);
        to.destroySoon();
      });
    };
    pass(client, server, 'sent');
    pass(server, client, 'received');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
