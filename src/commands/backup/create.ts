import { createTenantBackup } from '../../operations/backups.ts';
import type { Context } from '../../operations/context.ts';
import { presentBackup } from '../../presenters/backups.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class BackupCreate extends ChpCommand<typeof BackupCreate> {
  static override summary = 'Back up what is the family’s: encrypted, deduplicated, all of one moment.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const result = await createTenantBackup(context, this.args.tenant);
    return [result, presentBackup(result)];
  }
}
