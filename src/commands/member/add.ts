import { Args, Flags } from '@oclif/core';
import { type Member, ROLES } from '../../core/tenant/schema.ts';
import type { Context } from '../../operations/context.ts';
import { memberFrom } from '../../operations/member-input.ts';
import { addMember } from '../../operations/members.ts';
import { presentEdit } from '../../presenters/edit.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class MemberAdd extends ChpCommand<typeof MemberAdd> {
  static override summary = 'Add a member of the family, or somebody who helps it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith ana --name Ana --role Adult --contact telegram:12345 --quiet-hours 22:00-07:00',
  ];
  static override args = {
    ...tenantArg,
    member: Args.string({ description: 'Short id, unique in the tenant.', required: true }),
  };
  static override flags = {
    name: Flags.string({ description: 'Name as the family says it.', required: true }),
    role: Flags.option({ options: ROLES, required: true, description: 'What the member may ask for and approve.' })(),
    contact: Flags.string({ description: 'kind:address, most preferred first; may be given often.', multiple: true }),
    'quiet-hours': Flags.string({ description: 'From-to, local time.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const member: Member = memberFrom({ id: this.args.member, ...this.flags });
    const outcome = await addMember(context, this.args.tenant, member);
    return [outcome, presentEdit(outcome, `${member.name} is a member`)];
  }
}
