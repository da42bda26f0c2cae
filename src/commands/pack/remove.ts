import type { Context } from '../../operations/context.ts';
import { removePack } from '../../operations/packs/install-pack.ts';
import { presentPackOutcome } from '../../presenters/packs.ts';
import { packIdArg, stageFlag, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackRemove extends ChpCommand<typeof PackRemove> {
  static override summary = 'Remove a pack from a tenant; runs that go on end with the pack they began with.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith morning-brief'];
  static override args = { ...tenantArg, ...packIdArg };
  static override flags = stageFlag;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, pack } = this.args;
    const outcome = await removePack(context, tenant, pack, this.flags.stage);
    return [outcome, presentPackOutcome(outcome, `${pack} is removed`)];
  }
}
