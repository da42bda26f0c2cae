import { rotateKey } from '../../../operations/catalogue/keys.ts';
import type { Context } from '../../../operations/context.ts';
import { catalogueArg, keyExpiresFlag } from '../../args.ts';
import { ChpCommand } from '../../base.ts';

export default class CatalogueKeysRotate extends ChpCommand<typeof CatalogueKeysRotate> {
  static override summary = 'Make a new signing key, and sign with it all that this machine signed before.';
  static override description =
    'The old key goes on to sign beside the new one, so that readers have time to pin the new one; then revoke the old.';
  static override examples = ['<%= config.bin %> <%= command.id %> home'];
  static override args = catalogueArg;
  static override flags = keyExpiresFlag;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { catalogue } = this.args;
    const { key, resigned } = await rotateKey(context, catalogue, this.flags.expires ?? null);
    const lines = [
      `${key.keyid} signs from now on, and signed ${resigned} versions.`,
      `Whoever reads the catalogue pins it:  chp catalogue keys pin ${catalogue} ${key.keyid}`,
      `Then:  chp catalogue keys revoke ${catalogue} OLD-KEYID --reason rotated`,
    ];
    return [{ key, resigned }, lines.join('\n')];
  }
}
