import type { Context } from '../../operations/context.ts';
import { listMembers } from '../../operations/members.ts';
import { table } from '../../presenters/table.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class MemberList extends ChpCommand<typeof MemberList> {
  static override summary = 'List the members of a tenant.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const members = await listMembers(context, this.args.tenant);
    const rows = members.map((member) => [
      member.id,
      member.name,
      member.role,
      member.quietHours ? `${member.quietHours.from}-${member.quietHours.to}` : '-',
      member.contacts?.map((contact) => `${contact.kind}:${contact.address}`).join(' ') || '-',
    ]);
    return [members, rows.length > 0 ? table(['ID', 'NAME', 'ROLE', 'QUIET', 'CONTACTS'], rows) : 'No members yet.'];
  }
}
