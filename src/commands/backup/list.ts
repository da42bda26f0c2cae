import { listTenantBackups } from '../../operations/backups.ts';
import type { Context } from '../../operations/context.ts';
import { presentBackups } from '../../presenters/backups.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class BackupList extends ChpCommand<typeof BackupList> {
  static override summary = 'List the backups of a tenant.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const result = await listTenantBackups(context, this.args.tenant);
    return [result, presentBackups(result)];
  }
}
