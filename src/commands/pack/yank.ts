import { retractPack } from '../../operations/catalogue/retract-pack.ts';
import type { Context } from '../../operations/context.ts';
import { presentRetraction } from '../../presenters/catalogue.ts';
import { retractionArgs, retractionFlags } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackYank extends ChpCommand<typeof PackYank> {
  static override summary =
    'Withdraw a version: no range or channel finds it any more, its number only with --allow-yanked.';
  static override description =
    'What runs already goes on. Channels that pointed to it move to the newest version that is left.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-brief@1.2.0 "reads the wrong calendar; use 1.2.1"',
    '<%= config.bin %> <%= command.id %> morning-brief@1.2.0 --undo',
  ];
  static override args = retractionArgs;
  static override flags = retractionFlags;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { catalogue, undo } = this.flags;
    const reason = undo ? null : (this.args.reason ?? '');
    const retraction = await retractPack(context, 'yank', this.args.pack, { reason, catalogue });
    return [retraction, presentRetraction(retraction, 'yanked')];
  }
}
