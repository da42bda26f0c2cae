import { exportAudit } from '../../operations/audit.ts';
import type { Context } from '../../operations/context.ts';
import { ChpCommand } from '../base.ts';

export default class AuditExport extends ChpCommand<typeof AuditExport> {
  static override summary = 'Print the audit chain as JSON Lines, with the keys that verify it.';
  static override examples = ['<%= config.bin %> <%= command.id %> > audit.jsonl'];

  protected async perform(context: Context): Promise<[unknown, string]> {
    const text = await exportAudit(context);
    return [{ lines: text.trimEnd().split('\n') }, text.trimEnd()];
  }
}
