import { Args, Flags } from '@oclif/core';
import { addCatalogue, viewOf } from '../../operations/catalogue/manage-catalogues.ts';
import type { Context } from '../../operations/context.ts';
import { catalogueNameFlags } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class CatalogueAdd extends ChpCommand<typeof CatalogueAdd> {
  static override summary = 'Use a catalogue that somebody else made, believing one of its keys.';
  static override description =
    'Get the id of the key from the catalogue’s owner, by another way than the catalogue itself. Nothing that this key did not sign is let in.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> https://packs.example --name shared --key SHA256:2hV…',
    '<%= config.bin %> <%= command.id %> /mnt/packs --name shared --key ./owner-keys.json',
  ];
  static override args = {
    location: Args.string({ description: 'Folder, s3://bucket/prefix, or https://.', required: true }),
  };
  static override flags = {
    ...catalogueNameFlags,
    key: Flags.string({ description: 'Id of the key (SHA256:…), or a JSON file with it.', required: true }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { name, scope, url, key } = this.flags;
    const entry = await addCatalogue(context, { location: this.args.location, name, scope, url, key, validDays: 180 });
    return [viewOf(entry), `${entry.name} is used: ${entry.location}, believing ${entry.keys[0]?.keyid}.`];
  }
}
