import { restoreTenantBackup } from '../../operations/backups.ts';
import type { Context } from '../../operations/context.ts';
import { presentRestored } from '../../presenters/backups.ts';
import { backupArg, tenantArg, yesFlag } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class BackupRestore extends ChpCommand<typeof BackupRestore> {
  static override summary =
    'Put sessions and workspace back from a backup; what is there comes back when that does not run.';
  static override description =
    'What was said since that backup is lost. WhatsApp’s keys, paired devices and the like stay as they are, where they are there. What packs have done is never taken back.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith --yes',
    '<%= config.bin %> <%= command.id %> smith 4f1d9c0b',
  ];
  static override args = { ...tenantArg, ...backupArg };
  static override flags = yesFlag;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, backup } = this.args;
    await this.confirm(
      `Put ${tenant} back to ${backup ?? 'its newest backup'}? What was said since is lost.`,
      this.flags.yes,
    );
    const result = await restoreTenantBackup(context, tenant, backup ?? null);
    return [result, presentRestored(result)];
  }
}
