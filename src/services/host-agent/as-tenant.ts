import { needsRoot, tenantUser } from '../../core/host-layout.ts';
import type { Host } from './host.ts';

/** Command line that runs a program as the tenant's user: never a gateway's code as root. */
export function asTenant(host: Pick<Host, 'manager'>, tenant: string, argv: readonly string[]): string[] {
  if (!needsRoot(host.manager)) return [...argv];
  const user = tenantUser(tenant);
  return ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--no-new-privs', ...argv];
}
