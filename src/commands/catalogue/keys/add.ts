import { addKey } from '../../../operations/catalogue/keys.ts';
import type { Context } from '../../../operations/context.ts';
import { catalogueArg, keyExpiresFlag } from '../../args.ts';
import { ChpCommand } from '../../base.ts';

export default class CatalogueKeysAdd extends ChpCommand<typeof CatalogueKeysAdd> {
  static override summary = 'Make a signing key of this machine’s own for a catalogue that others sign for as well.';
  static override examples = ['<%= config.bin %> <%= command.id %> shared --expires 2028-01-01'];
  static override args = catalogueArg;
  static override flags = keyExpiresFlag;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const key = await addKey(context, this.args.catalogue, this.flags.expires ?? null);
    const pin = `chp catalogue keys pin ${this.args.catalogue} ${key.keyid}`;
    return [key, `${key.keyid} signs from now on. Whoever reads the catalogue must pin it:\n  ${pin}`];
  }
}
