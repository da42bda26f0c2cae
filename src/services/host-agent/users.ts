import { readFileSync } from 'node:fs';
import { ChpError } from '../../core/errors.ts';
import { tenantUser } from '../../core/host-layout.ts';

/** A local user (passwd(5)). */
export interface User {
  name: string;
  uid: number;
  gid: number;
}

/** The tenant's own user, which its services run as. @throws HOST_UNFIT where it is gone */
export function userOf(tenant: string): User {
  const name = tenantUser(tenant);
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = (line ?? '').split(':').map(Number);
  // Never as root, whatever stands there.
  if (uid && gid) return { name, uid, gid };
  throw new ChpError('HOST_UNFIT', `the user ${name} is not on the host`, { next: [`chp tenant apply ${tenant}`] });
}
