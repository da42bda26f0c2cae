import { retractPack } from '../../operations/catalogue/retract-pack.ts';
import type { Context } from '../../operations/context.ts';
import { presentRetraction } from '../../presenters/catalogue.ts';
import { retractionArgs, retractionFlags } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackDeprecate extends ChpCommand<typeof PackDeprecate> {
  static override summary =
    'Say of a version that another one should be used; it can still be installed, with a warning.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-brief@1.2.0 "reads the wrong calendar; use 1.2.1"',
    '<%= config.bin %> <%= command.id %> morning-brief@1.2.0 --undo',
  ];
  static override args = retractionArgs;
  static override flags = retractionFlags;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { catalogue, undo } = this.flags;
    const reason = undo ? null : (this.args.reason ?? '');
    const retraction = await retractPack(context, 'deprecate', this.args.pack, { reason, catalogue });
    return [retraction, presentRetraction(retraction, 'deprecated')];
  }
}
