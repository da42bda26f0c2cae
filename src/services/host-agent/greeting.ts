import { LocalWebSocket } from '../../core/local-websocket.ts';

const GREETING = 'connect.challenge';

/** Does a gateway greet on this port, as it does before it asks who is there? */
export async function gatewayGreets(port: number, deadlineMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), deadlineMs);
  const stop = new AbortController();
  LocalWebSocket.connect(
    port,
    { onText: (text) => resolve(text.includes(GREETING)), onClose: () => resolve(false) },
    stop.signal,
  ).catch(() => resolve(false));
  const greeted = await promise;
  clearTimeout(timer);
  stop.abort();
  return greeted;
}
