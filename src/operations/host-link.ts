import { openTransport } from '../adapters/transports.ts';
import type { Platform } from '../core/generation.ts';
import { SYSTEM_ROOT } from '../core/host-layout.ts';
import type { ServiceManager } from '../core/agent-protocol.ts';
import type { Transport } from '../core/ports/transport.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import { assertHostFit, type HostFacts, readHostFacts } from '../playbooks/facts/host.ts';
import type { Context } from './context.ts';

/** An open connection to a tenant's host, and what chp is to do there. */
export interface HostLink extends AsyncDisposable {
  transport: Transport;
  facts: HostFacts;
  platform: Platform;
  /** Where chp keeps everything on that host. */
  root: string;
  manager: ServiceManager;
}

/** Connects and reads the host's facts. @throws HOST_* errors; HOST_UNFIT listing everything that is missing. */
export async function openHost(context: Context, tenant: Pick<Tenant, 'host' | 'services'>): Promise<HostLink> {
  const transport = await openTransport(tenant.host, context.ssh);
  try {
    const facts = await readHostFacts(transport, tenant.host === 'local' ? context.home.hub : SYSTEM_ROOT);
    assertHostFit(facts);
    const manager = chooseManager(tenant, facts);
    return {
      transport,
      facts,
      platform: facts.platform,
      root: manager === 'systemd' || tenant.host !== 'local' ? SYSTEM_ROOT : context.home.hub,
      manager,
      [Symbol.asyncDispose]: () => transport.close(),
    };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/** `auto`: systemd where it is PID 1 and root is to be had; on this machine and elsewhere our own supervisor. */
function chooseManager(tenant: Pick<Tenant, 'services'>, facts: HostFacts): ServiceManager {
  if (tenant.services.manager !== 'auto') return tenant.services.manager;
  return facts.systemd !== null && facts.rootAccess ? 'systemd' : 'supervisor';
}
