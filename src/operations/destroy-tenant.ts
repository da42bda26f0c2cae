import { ChpError } from '../core/errors.ts';
import type { Context } from './context.ts';
import { loadTenant } from './edit-tenant.ts';
import { openHost } from './host-link.ts';
import { forgetHost } from './known-host.ts';
import { deprovision, forgetProvision } from './provision.ts';
import { signingKeys } from './signing-key.ts';
import { withTenantJob } from './tenant-job.ts';

export interface Destroyed {
  tenant: string;
  host: string;
  /** false with `forget`: what is on the host stays there. */
  hostCleaned: boolean;
}

/**
 * Retires a tenant: its services, state, users, units and firewall rules on the host, its Pulumi stack and its
 * registry rows. Jobs and audit stay. Safe to run again after a cut.
 * With `forget` the host is left alone (it is gone, or somebody else's now).
 */
export async function destroyTenant(context: Context, name: string, options: { forget: boolean }): Promise<Destroyed> {
  const registry = await context.registry();
  const { tenant } = await loadTenant(context, name);
  return withTenantJob(context, name, 'destroy', { forget: options.forget }, async (job) => {
    await job.step('mark', () => registry.updateTenant(name, { phase: 'destroying' }));
    if (options.forget) await job.step('forget', () => forgetProvision(context, tenant));
    else {
      try {
        await job.step('remove-from-host', () =>
          context.progress.step(`Stop and remove ${name} on ${tenant.host}`, async () => {
            await using host = await openHost(context, tenant, 'look');
            await host.agent()?.remove(name);
          }),
        );
        await job.step('deprovision', () => deprovision(context, tenant));
      } catch (error) {
        if (error instanceof ChpError && error.code.startsWith('HOST_'))
          throw new ChpError(error.code, error.message, {
            ...(error.why === undefined ? {} : { why: error.why }),
            next: [...error.next, `chp tenant destroy ${name} --forget  (when the host is gone for good)`],
            cause: error,
          });
        throw error;
      }
    }
    await job.step('unregister', async () => {
      signingKeys.remove(context.home, name);
      forgetHost(context, name);
      await registry.removeTenant(name);
    });
    return { tenant: name, host: tenant.host, hostCleaned: !options.forget };
  });
}
