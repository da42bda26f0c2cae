import type { Transport } from '../core/ports/transport.ts';
import { localTransport } from './local/transport.ts';
import type { SshOptions } from './ssh/connect.ts';

/** A way to a tenant's host: `local`, else SSH. @throws HOST_* errors */
export async function openTransport(host: string, options: SshOptions): Promise<Transport> {
  if (host === 'local') return localTransport();
  const { sshTransport } = await import('./ssh/transport.ts');
  return sshTransport(host, options);
}
