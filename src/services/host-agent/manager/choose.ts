import type { Host } from '../host.ts';
import type { Manager } from './manager.ts';
import { supervisorManager } from './supervisor.ts';
import { systemdManager } from './systemd.ts';

/** What runs a tenant's processes on this host. */
export function managerFor(host: Host, tenant: string): Manager {
  return host.manager === 'systemd' ? systemdManager(host.root, tenant) : supervisorManager(host.root, tenant);
}
