import { listCatalogues } from '../../operations/catalogue/manage-catalogues.ts';
import type { Context } from '../../operations/context.ts';
import { presentCatalogues } from '../../presenters/catalogue.ts';
import { ChpCommand } from '../base.ts';

export default class CatalogueList extends ChpCommand<typeof CatalogueList> {
  static override summary = 'List the catalogues in use, and the keys that are believed for each.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  protected async perform(context: Context): Promise<[unknown, string]> {
    const catalogues = await listCatalogues(context);
    return [catalogues, presentCatalogues(catalogues)];
  }
}
