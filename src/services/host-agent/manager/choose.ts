import type { Host } from '../host.ts';
import { composeManager } from './compose.ts';
import type { Manager } from './manager.ts';
import { supervisorManager } from './supervisor.ts';
import { systemdManager } from './systemd.ts';

const MANAGERS = { systemd: systemdManager, supervisor: supervisorManager, compose: composeManager };

/** What runs a tenant's processes on this host. */
export function managerFor(host: Host, tenant: string): Manager {
  return MANAGERS[host.manager](host.root, tenant);
}
