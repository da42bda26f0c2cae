import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { removeMember } from '../../operations/members.ts';
import { presentEdit } from '../../presenters/edit.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class MemberRm extends ChpCommand<typeof MemberRm> {
  static override summary = 'Remove a member from a tenant.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith ana'];
  static override args = { ...tenantArg, member: Args.string({ description: 'Id.', required: true }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const outcome = await removeMember(context, this.args.tenant, this.args.member);
    return [outcome, presentEdit(outcome, `${this.args.member} is removed`)];
  }
}
