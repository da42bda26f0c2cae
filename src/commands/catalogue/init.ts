import { Args, Flags } from '@oclif/core';
import { initCatalogue, viewOf } from '../../operations/catalogue/manage-catalogues.ts';
import type { Context } from '../../operations/context.ts';
import { presentNewCatalogue } from '../../presenters/catalogue.ts';
import { catalogueNameFlags } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class CatalogueInit extends ChpCommand<typeof CatalogueInit> {
  static override summary = 'Make a catalogue of packs, with a key that signs for it.';
  static override description =
    'A folder or a bucket gets the layout of an npm registry, which any web server can serve. A live npm registry is taken as it is, with the login in ~/.npmrc. The private key stays in $CHP_HOME/keys: back it up.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> /srv/packs --url https://packs.example',
    '<%= config.bin %> <%= command.id %> s3://family-packs/stable --name bucket',
    '<%= config.bin %> <%= command.id %> https://registry.example --name company --scope @company',
  ];
  static override args = {
    location: Args.string({
      description: 'Folder, s3://bucket/prefix, or https:// of a live npm registry.',
      default: 'packs',
    }),
  };
  static override flags = {
    ...catalogueNameFlags,
    'valid-days': Flags.integer({
      description: 'How long what it says holds without a publication or `catalogue renew`.',
      default: 180,
      min: 1,
      max: 36_500,
    }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { name, scope, url, 'valid-days': validDays } = this.flags;
    const entry = await initCatalogue(context, { location: this.args.location, name, scope, url, validDays });
    const view = viewOf(entry);
    return [view, presentNewCatalogue(view)];
  }
}
