import { Args } from '@oclif/core';
import { renewCatalogue } from '../../operations/catalogue/renew-catalogue.ts';
import type { Context } from '../../operations/context.ts';
import { ChpCommand } from '../base.ts';

export default class CatalogueRenew extends ChpCommand<typeof CatalogueRenew> {
  static override summary = 'Say anew that a catalogue is current, and remove what only older states needed.';
  static override description =
    'What a catalogue says expires, so that nobody can keep an old copy alive. Every publication renews it; where nobody publishes, do this on a schedule.';
  static override examples = ['<%= config.bin %> <%= command.id %> home'];
  static override args = {
    catalogue: Args.string({ description: 'Name of the catalogue, when there is more than one of yours.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const renewed = await renewCatalogue(context, this.args.catalogue);
    return [renewed, `${renewed.catalogue} holds until ${renewed.expires}; ${renewed.pruned} old files are removed.`];
  }
}
