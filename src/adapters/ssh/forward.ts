import type { Duplex } from 'node:stream';
import type { NodeSSH } from 'node-ssh';

/** A stream to another host through this one. @throws ssh2's own error when the host does not pass it on; the signal's reason */
export async function forward(
  ssh: NodeSSH,
  { hostname, port }: { hostname: string; port: number },
  signal: AbortSignal,
): Promise<Duplex> {
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  const onAbort = (): void => end(signal.reason);
  const onClose = (): void => end(new Error('the connection to the hop was cut'));
  const { connection } = ssh;
  signal.addEventListener('abort', onAbort, { once: true });
  connection?.once('close', onClose);
  try {
    return await Promise.race([ssh.forwardOut('127.0.0.1', 0, hostname, port), ended]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    connection?.off('close', onClose);
  }
}
