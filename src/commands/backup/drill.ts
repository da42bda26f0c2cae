import { drillTenantBackup } from '../../operations/backups.ts';
import type { Context } from '../../operations/context.ts';
import { presentDrilled } from '../../presenters/backups.ts';
import { backupArg, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class BackupDrill extends ChpCommand<typeof BackupDrill> {
  static override summary = 'Prove a backup: restore it beside what runs, start it without channels, and drive a turn.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = { ...tenantArg, ...backupArg };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const result = await drillTenantBackup(context, this.args.tenant, this.args.backup ?? null);
    return [result, presentDrilled(result)];
  }
}
