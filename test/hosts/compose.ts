import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { localTransport } from '../../src/adapters/local/transport.ts';
import { AgentHost } from '../support/agent-host.ts';

const run = promisify(execFile);

export async function docker(...args: string[]): Promise<string> {
  return (await run('docker', args, { maxBuffer: 1e8 })).stdout;
}

/** This machine, its Docker and Compose as a hub without systemd: a folder of its own, a user of its own, real containers. */
export async function composeHost(tenant: string): Promise<AgentHost> {
  await run(fileURLToPath(new URL('docker.sh', import.meta.url)));
  const root = await mkdtemp('/var/tmp/chp-compose-');
  return AgentHost.create(tenant, { transport: localTransport(), manager: 'compose', root });
}
