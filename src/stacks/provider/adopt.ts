import type { ServiceManager } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import { hostLayout, tenantLayout } from '../../core/host-layout.ts';
import type { Transport } from '../../core/ports/transport.ts';
import { type HostState, overTransport } from './host.ts';
import type { HostAddress } from './import-id.ts';

/**
 * State of a host that has a tenant's base already, read from the host itself: for `import`.
 * @throws NOT_FOUND where there is none
 */
export function adoptHost(address: HostAddress): Promise<HostState> {
  return overTransport(address, async (transport) => {
    const host = hostLayout(address.root);
    const { about, keys } = tenantLayout(address.root, address.tenant);
    const json = async <T>(path: string): Promise<T> => parse(await read(transport, address, `cat '${path}'`), path);
    const agentDigest = (await read(transport, address, `sha256sum '${host.agent}'`)).slice(0, 64);
    return {
      ...address,
      manager: (await json<{ manager: ServiceManager }>(about)).manager,
      nodeDigest: (await json<{ nodeTree: string }>(host.hostFile)).nodeTree,
      nodeArchive: '',
      agentDigest,
      agentPath: '',
      firewallPorts: null,
      packages: [],
      ageIdentity: (await read(transport, address, `cat '${keys}/identity.age'`)).trim(),
      signingPublicKey: await read(transport, address, `cat '${keys}/signing.pub'`),
      drift: [],
    };
  });
}

/** By stdin, as root where that can be had: the keys are root's on a systemd host. */
async function read(transport: Transport, { tenant, root }: HostAddress, command: string): Promise<string> {
  const login = await transport.exec(['sh', '-s'], { input: command });
  const { code, stdout } =
    login.code === 0 ? login : await transport.exec(['sh', '-s'], { input: command, root: true });
  if (code === 0) return stdout;
  throw new ChpError('NOT_FOUND', `${transport.target} has no base of ${tenant} under ${root}`, {
    next: [`chp tenant create ${tenant} prepares a host from nothing.`],
  });
}

function parse<T>(text: string, path: string): T {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ChpError('INTEGRITY', `${path} is damaged`, { cause });
  }
}
