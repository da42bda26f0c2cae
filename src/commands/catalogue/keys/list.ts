import { listKeys } from '../../../operations/catalogue/keys.ts';
import type { Context } from '../../../operations/context.ts';
import { presentKeys } from '../../../presenters/catalogue.ts';
import { catalogueArg } from '../../args.ts';
import { ChpCommand } from '../../base.ts';

export default class CatalogueKeysList extends ChpCommand<typeof CatalogueKeysList> {
  static override summary = 'List the keys of a catalogue: those believed here, and those that it only offers.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> home',
    '<%= config.bin %> <%= command.id %> home --json > owner-keys.json',
  ];
  static override args = catalogueArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const keys = await listKeys(context, this.args.catalogue);
    return [keys, presentKeys(keys)];
  }
}
