import { Flags } from '@oclif/core';
import { listAudit } from '../../operations/audit.ts';
import type { Context } from '../../operations/context.ts';
import { table } from '../../presenters/table.ts';
import { ChpCommand } from '../base.ts';

export default class AuditList extends ChpCommand<typeof AuditList> {
  static override summary = 'List who did what, newest last.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant smith --limit 20',
  ];
  static override flags = {
    tenant: Flags.string({ description: 'Only this tenant.' }),
    limit: Flags.integer({ description: 'The newest so many.', default: 100, min: 1 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, limit } = this.flags;
    const entries = await listAudit(context, { limit, ...(tenant ? { tenant } : {}) });
    const rows = entries.map((entry) => [
      String(entry.seq),
      entry.at,
      entry.actor,
      entry.action,
      entry.tenant ?? '-',
      String(entry.details.outcome ?? ''),
    ]);
    return [
      entries,
      rows.length > 0 ? table(['SEQ', 'AT', 'ACTOR', 'ACTION', 'TENANT', 'OUTCOME'], rows) : 'No entries yet.',
    ];
  }
}
