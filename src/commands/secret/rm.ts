import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { removeSecret } from '../../operations/secrets.ts';
import { presentEdit } from '../../presenters/edit.ts';
import { stageFlag, tenantArg, yesFlag } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class SecretRm extends ChpCommand<typeof SecretRm> {
  static override summary = 'Remove a secret from registry and host.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith OLD_TOKEN --yes'];
  static override args = { ...tenantArg, secret: Args.string({ description: 'Name.', required: true }) };
  static override flags = { ...stageFlag, ...yesFlag };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, secret } = this.args;
    await this.confirm(`Remove ${secret} of ${tenant}? Its value can't be read back.`, this.flags.yes);
    const outcome = await removeSecret(context, tenant, secret, this.flags.stage);
    return [outcome, presentEdit(outcome, `${secret} is removed`)];
  }
}
