import { ChpError } from '../../../core/errors.ts';
import type { Host } from '../host.ts';
import type { Manager } from './manager.ts';
import { supervisorManager } from './supervisor.ts';
import { systemdManager } from './systemd.ts';

/** What runs a tenant's processes on this host. @throws HOST_UNFIT for a manager that this agent does not have */
export function managerFor(host: Host, tenant: string): Manager {
  if (host.manager === 'systemd') return systemdManager(host.root, tenant);
  if (host.manager === 'supervisor') return supervisorManager(host.root, tenant);
  throw new ChpError('HOST_UNFIT', `this agent can't run services with ${host.manager}`, {
    next: ['Set `services: { manager: auto }` in tenant.yaml.'],
  });
}
