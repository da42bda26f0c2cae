import type { Context } from '../../operations/context.ts';
import { listPacks } from '../../operations/packs/list-packs.ts';
import { presentPacks } from '../../presenters/packs.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackList extends ChpCommand<typeof PackList> {
  static override summary = 'List the packs of a tenant: what is locked, and what was asked for.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const packs = await listPacks(context, this.args.tenant);
    return [packs, presentPacks(packs, this.args.tenant)];
  }
}
