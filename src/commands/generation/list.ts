import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { listGenerations } from '../../operations/generations/list-generations.ts';
import { presentGenerations } from '../../presenters/generations.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class GenerationList extends ChpCommand<typeof GenerationList> {
  static override summary = 'List what a tenant ran: in the registry, and what of it lies on the host.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;
  static override flags = { offline: Flags.boolean({ description: 'Do not ask the host.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const list = await listGenerations(context, this.args.tenant, { offline: this.flags.offline });
    return [list, presentGenerations(list)];
  }
}
