import type { Context } from '../../operations/context.ts';
import { listTenants } from '../../operations/select-tenants.ts';
import { presentTenants } from '../../presenters/tenant-list.ts';
import { selectorFlag } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class TenantList extends ChpCommand<typeof TenantList> {
  static override summary = 'List the tenants of the registry.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --selector ring=stable,region!=us',
    "<%= config.bin %> <%= command.id %> --selector 'region in (eu,uk)' --json",
  ];
  static override flags = selectorFlag;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const tenants = await listTenants(context, this.flags.selector ?? null);
    const none = this.flags.selector === undefined ? undefined : `No tenant has the labels ${this.flags.selector}`;
    return [tenants.map(({ document: _, ...tenant }) => tenant), presentTenants(tenants, none)];
  }
}
