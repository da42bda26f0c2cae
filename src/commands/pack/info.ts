import { packInfo } from '../../operations/catalogue/pack-info.ts';
import type { Context } from '../../operations/context.ts';
import { presentPack } from '../../presenters/catalogue.ts';
import { allowYankedFlag, packArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackInfo extends ChpCommand<typeof PackInfo> {
  static override summary = 'Say what a pack does, needs and may do, as its publisher signed it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-brief',
    '<%= config.bin %> <%= command.id %> home/morning-brief@^1.2',
  ];
  static override args = packArg;
  static override flags = allowYankedFlag;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const info = await packInfo(context, this.args.pack, { allowYanked: this.flags['allow-yanked'] });
    return [info, presentPack(info)];
  }
}
