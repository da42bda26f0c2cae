import { verifyChain } from '../../operations/audit.ts';
import type { Context } from '../../operations/context.ts';
import { ChpCommand } from '../base.ts';

export default class AuditVerify extends ChpCommand<typeof AuditVerify> {
  static override summary = 'Check the audit chain: any edited, removed or reordered entry is named.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  protected async perform(context: Context): Promise<[unknown, string]> {
    const verdict = await verifyChain(context);
    return [verdict, `${verdict.entries} entries; every hash and signature holds.`];
  }
}
