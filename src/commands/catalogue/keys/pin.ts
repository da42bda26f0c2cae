import { Args } from '@oclif/core';
import { pinKey } from '../../../operations/catalogue/keys.ts';
import type { Context } from '../../../operations/context.ts';
import { catalogueArg } from '../../args.ts';
import { ChpCommand } from '../../base.ts';

export default class CatalogueKeysPin extends ChpCommand<typeof CatalogueKeysPin> {
  static override summary = 'Believe a key from now on, after comparing its id with its owner’s.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> shared SHA256:2hV…',
    '<%= config.bin %> <%= command.id %> shared ./owner-keys.json',
  ];
  static override args = {
    ...catalogueArg,
    key: Args.string({
      description: 'Id of a key that the catalogue offers, or a JSON file with one.',
      required: true,
    }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const key = await pinKey(context, this.args.catalogue, this.args.key);
    return [key, `${key.keyid} is believed for ${this.args.catalogue}.`];
  }
}
