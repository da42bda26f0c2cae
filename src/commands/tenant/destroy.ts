import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { destroyTenant } from '../../operations/destroy-tenant.ts';
import { tenantArg, yesFlag } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class TenantDestroy extends ChpCommand<typeof TenantDestroy> {
  static override summary =
    'Retire a tenant: services, state, user and units on its host, Pulumi stack, registry rows.';
  static override description = 'Jobs and audit stay. Safe to run again after a cut.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith --yes',
    '<%= config.bin %> <%= command.id %> smith --forget --yes',
  ];
  static override args = tenantArg;
  static override flags = {
    ...yesFlag,
    forget: Flags.boolean({ description: 'The host is gone for good: leave it alone, remove the rest.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant } = this.args;
    await (await context.registry()).tenant(tenant);
    await this.confirm(`Destroy ${tenant} and everything the family has on it?`, this.flags.yes);
    const destroyed = await destroyTenant(context, tenant, { forget: this.flags.forget });
    return [
      destroyed,
      destroyed.hostCleaned
        ? `${tenant} is gone; nothing of it is left on ${destroyed.host}.`
        : `${tenant} is forgotten; what is on ${destroyed.host} was left there.`,
    ];
  }
}
