import { verifyTenantBackups } from '../../operations/backups.ts';
import type { Context } from '../../operations/context.ts';
import { presentVerified } from '../../presenters/backups.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class BackupVerify extends ChpCommand<typeof BackupVerify> {
  static override summary = 'Read every byte of the backups, and the newest one back.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const result = await verifyTenantBackups(context, this.args.tenant);
    return [result, presentVerified(result)];
  }
}
