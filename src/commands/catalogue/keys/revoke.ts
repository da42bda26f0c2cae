import { Args, Flags } from '@oclif/core';
import { revokeKey } from '../../../operations/catalogue/keys.ts';
import type { Context } from '../../../operations/context.ts';
import { catalogueArg, yesFlag } from '../../args.ts';
import { ChpCommand } from '../../base.ts';

export default class CatalogueKeysRevoke extends ChpCommand<typeof CatalogueKeysRevoke> {
  static override summary = 'Believe nothing any more that a key signed; tell everybody, where this machine may.';
  static override examples = ['<%= config.bin %> <%= command.id %> home SHA256:2hV… --reason "laptop lost"'];
  static override args = { ...catalogueArg, keyid: Args.string({ description: 'SHA256:…', required: true }) };
  static override flags = {
    ...yesFlag,
    reason: Flags.string({ description: 'Shown to whoever meets the key.', required: true }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { catalogue, keyid } = this.args;
    await this.confirm(`Revoke ${keyid} for good?`, this.flags.yes);
    const revoked = await revokeKey(context, catalogue, keyid, this.flags.reason);
    const others = revoked.published
      ? 'Everybody who reads the catalogue learns of it.'
      : 'Only this machine knows: tell the others.';
    return [revoked, `${keyid} is revoked. ${others}`];
  }
}
