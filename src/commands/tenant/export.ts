import { parseTenant } from '../../adapters/documents/tenant-document.ts';
import type { Context } from '../../operations/context.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class TenantExport extends ChpCommand<typeof TenantExport> {
  static override summary = "Print a tenant's tenant.yaml as it is recorded, comments and all.";
  static override examples = ['<%= config.bin %> <%= command.id %> smith > tenant.yaml'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { document } = await (await context.registry()).tenant(this.args.tenant);
    return [parseTenant(document, 'tenant.yaml').document, document.trimEnd()];
  }
}
