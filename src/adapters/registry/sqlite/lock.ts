import { join } from 'node:path';
import { acquireFlock } from '../../../core/flock.ts';
import { assertTenantName } from '../../../core/names.ts';
import type { Registry } from '../../../core/ports/registry.ts';
import { privateDir } from '../../keys/private-files.ts';
import { thisHolder } from '../holder.ts';

/** One kernel lock a tenant: `<locks>/<tenant>.lock`, and who holds it beside it. */
export function fileLock(locks: string): Registry['lock'] {
  return async (tenant, what, { waitMs, onWait }) => {
    assertTenantName(tenant);
    privateDir(locks);
    return acquireFlock(join(locks, `${tenant}.lock`), thisHolder(what), {
      waitMs,
      subject: `tenant "${tenant}"`,
      onWait: (holder) => holder && onWait?.(holder),
    });
  };
}
