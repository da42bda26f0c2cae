import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { acquireFlock } from '../../core/flock.ts';
import { hostLayout, tenantLayout } from '../../core/host-layout.ts';
import type { HeldLock, LockHolder } from '../../core/ports/registry.ts';

/** Long enough for a recovery that began by itself: a gateway's first start may take half a minute. */
const TENANT_WAIT_MS = 90_000;
const STORE_WAIT_MS = 600_000;

/** The lock of one tenant, held by the kernel for this process. @throws LOCKED */
export function lockTenant(root: string, tenant: string, what: string, waitMs = TENANT_WAIT_MS): Promise<HeldLock> {
  const { lock, holder: holderFile } = tenantLayout(root, tenant);
  return acquireFlock(lock, holder(what), { waitMs, holderFile, subject: tenant });
}

/** Held while the store is filled and what it got is not yet referred to, and while it is pruned. @throws LOCKED */
export function lockStore(root: string, what: string): Promise<HeldLock> {
  const path = join(hostLayout(root).root, 'store.lock');
  return acquireFlock(path, holder(what), { waitMs: STORE_WAIT_MS, subject: 'the store' });
}

function holder(what: string): LockHolder {
  return { actor: userInfo().username, host: hostname(), pid: process.pid, what, since: new Date().toISOString() };
}
