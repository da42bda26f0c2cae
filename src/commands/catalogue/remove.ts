import { removeCatalogue } from '../../operations/catalogue/manage-catalogues.ts';
import type { Context } from '../../operations/context.ts';
import { catalogueArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class CatalogueRemove extends ChpCommand<typeof CatalogueRemove> {
  static override summary = 'Do not use a catalogue any more; its files and keys stay where they are.';
  static override examples = ['<%= config.bin %> <%= command.id %> shared'];
  static override args = catalogueArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const removed = await removeCatalogue(context, this.args.catalogue);
    return [removed, `${removed.name} is not used any more; ${removed.location} is untouched.`];
  }
}
