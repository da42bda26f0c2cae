import type { Context } from '../../operations/context.ts';
import { exportTenant } from '../../operations/export-tenant.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class TenantExport extends ChpCommand<typeof TenantExport> {
  static override summary = "Print a tenant's tenant.yaml as it is recorded, comments and all.";
  static override examples = ['<%= config.bin %> <%= command.id %> smith > tenant.yaml'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { document, text } = await exportTenant(context, this.args.tenant);
    return [document, text.trimEnd()];
  }
}
