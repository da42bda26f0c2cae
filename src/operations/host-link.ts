import { AgentClient } from '../adapters/agent/client.ts';
import { openTransport } from '../adapters/transports.ts';
import type { ServiceManager } from '../core/agent-protocol.ts';
import type { Platform } from '../core/generation.ts';
import { needsRoot, SYSTEM_ROOT } from '../core/host-layout.ts';
import type { Transport } from '../core/ports/transport.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import { assertHostFit, lacks } from '../playbooks/facts/fitness.ts';
import { type HostFacts, platformOf, readHostFacts } from '../playbooks/facts/host.ts';
import type { Context } from './context.ts';

/** An open connection to a tenant's host, and what chp is to do there. */
export interface HostLink extends AsyncDisposable {
  transport: Transport;
  facts: HostFacts;
  platform: Platform;
  /** Where chp keeps everything on that host. */
  root: string;
  manager: ServiceManager;
  /** Port that sshd listens on, as seen from the host itself. */
  sshPort: number;
  /** What it lacks to be a hub, in words. Empty, but for looking. */
  lacks: readonly string[];
  /** null = the host was never bootstrapped. */
  agent(nodeTree?: string): AgentClient | null;
}

/** What has to be known of a tenant to connect to its host. */
export type HostedTenant = Pick<Tenant, 'name' | 'host'> & { services: Pick<Tenant['services'], 'manager' | 'image'> };

/**
 * Connects and reads the host's facts. A host that became unfit (its disk is full, its clock is off) can still be looked
 * at and cleaned up: `use: 'look'`.
 * @throws HOST_* errors; HOST_UNFIT listing everything that is missing
 */
export async function openHost(
  context: Context,
  tenant: HostedTenant,
  use: 'change' | 'look' = 'change',
): Promise<HostLink> {
  const transport = await openTransport(tenant.host, context.ssh);
  try {
    // Where there is systemd and root, chp has the system's folder; else one of the login user's.
    const { image } = tenant.services;
    const system = await readHostFacts(transport, SYSTEM_ROOT, tenant.name, image);
    const manager = chooseManager(tenant, system);
    const root = needsRoot(manager)
      ? SYSTEM_ROOT
      : tenant.host === 'local'
        ? context.home.hub
        : `${system.home}/.chp/hub`;
    const facts = root === SYSTEM_ROOT ? system : await readHostFacts(transport, root, tenant.name);
    if (use === 'change') assertHostFit(transport.target, facts, manager, image);
    return {
      transport,
      facts,
      platform: platformOf(facts),
      root,
      manager,
      sshPort: facts.sshPort,
      lacks: lacks(facts, manager, image).map(({ what }) => what),
      agent: (nodeTree = facts.chp?.nodeTree) =>
        nodeTree ? new AgentClient(transport, { root, nodeTree, asRoot: needsRoot(manager) }) : null,
      [Symbol.asyncDispose]: () => transport.close(),
    };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/**
 * `auto`: systemd where it is PID 1 and root is to be had, else chp's own supervisor. A tenant that is run by systemd
 * stays so: without sudo it could otherwise be set up a second time.
 */
function chooseManager({ services }: Pick<HostedTenant, 'services'>, facts: HostFacts): ServiceManager {
  if (services.manager !== 'auto') return services.manager;
  if (facts.chp?.manager === 'systemd') return 'systemd';
  return facts.systemd !== null && facts.rootAccess ? 'systemd' : 'supervisor';
}
