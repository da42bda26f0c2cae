import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { showTenant } from '../../operations/show-tenant.ts';
import { presentTenant } from '../../presenters/tenant.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class TenantShow extends ChpCommand<typeof TenantShow> {
  static override summary = 'Show one tenant: registry, members, generations, and its host as it is now.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith --offline --json',
  ];
  static override args = tenantArg;
  static override flags = { offline: Flags.boolean({ description: 'Do not ask the host.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const view = await showTenant(context, this.args.tenant, { offline: this.flags.offline });
    return [view, presentTenant(view)];
  }
}
