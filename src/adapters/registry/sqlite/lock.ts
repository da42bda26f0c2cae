import { join } from 'node:path';
import { acquireFlock } from '../../../core/flock.ts';
import { assertTenantName } from '../../../core/names.ts';
import type { HeldLock, Registry } from '../../../core/ports/registry.ts';
import { privateDir } from '../../keys/private-files.ts';
import { thisHolder } from '../holder.ts';

/** One kernel lock a tenant: `<locks>/<tenant>.lock`, and who holds it beside it. */
export function fileLock(locks: string): Registry['lock'] {
  const lock = lockIn(locks);
  return async (tenant, what, options) => {
    assertTenantName(tenant);
    return lock(tenant, `tenant "${tenant}"`, what, options);
  };
}

/** The same for a rollout; its id is longer than any tenant's name. */
export function rolloutFileLock(locks: string): Registry['lockRollout'] {
  const lock = lockIn(locks);
  return (rollout, what, options) => lock(`rollout-${rollout}`, `job ${rollout}`, what, options);
}

function lockIn(locks: string) {
  return async (
    name: string,
    subject: string,
    what: string,
    { waitMs, onWait }: Parameters<Registry['lock']>[2],
  ): Promise<HeldLock> => {
    privateDir(locks);
    return acquireFlock(join(locks, `${name}.lock`), thisHolder(what), {
      waitMs,
      subject,
      onWait: (holder) => holder && onWait?.(holder),
    });
  };
}
