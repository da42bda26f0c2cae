import type { Context } from '../../operations/context.ts';
import { presentTenants } from '../../presenters/tenant-list.ts';
import { ChpCommand } from '../base.ts';

export default class TenantList extends ChpCommand<typeof TenantList> {
  static override summary = 'List the tenants of the registry.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  protected async perform(context: Context): Promise<[unknown, string]> {
    const tenants = await (await context.registry()).tenants();
    return [tenants.map(({ document: _, ...tenant }) => tenant), presentTenants(tenants)];
  }
}
