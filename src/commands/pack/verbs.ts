import type { Context } from '../../operations/context.ts';
import { listVerbs } from '../../operations/packs/list-verbs.ts';
import { presentVerbs } from '../../presenters/pack.ts';
import { ChpCommand } from '../base.ts';

export default class PackVerbs extends ChpCommand<typeof PackVerbs> {
  static override summary = 'List what a pack can do: verbs, and the operations of connectors.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  protected async perform(_: Context): Promise<[unknown, string]> {
    const verbs = listVerbs();
    return [verbs, presentVerbs(verbs)];
  }
}
