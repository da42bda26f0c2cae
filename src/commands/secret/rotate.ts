import { Args, Flags } from '@oclif/core';
import { GATEWAY_TOKEN } from '../../core/secret-names.ts';
import type { Context } from '../../operations/context.ts';
import { rotateSecret } from '../../operations/secrets.ts';
import { presentEdit } from '../../presenters/edit.ts';
import { readSecret } from '../../presenters/read-secret.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class SecretRotate extends ChpCommand<typeof SecretRotate> {
  static override summary =
    'Replace a secret, and restart what uses it. chp makes a new gateway token by itself; other values are read like `secret set` does.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith CHP_GATEWAY_TOKEN',
    '<%= config.bin %> <%= command.id %> smith ANTHROPIC_API_KEY --from-env ANTHROPIC_API_KEY',
  ];
  static override args = {
    ...tenantArg,
    secret: Args.string({ description: 'Name, as a variable: ANTHROPIC_API_KEY.', required: true }),
  };
  static override flags = { 'from-env': Flags.string({ description: 'Variable that holds the value.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, secret } = this.args;
    const outcome = await rotateSecret(
      context,
      tenant,
      secret,
      secret === GATEWAY_TOKEN ? undefined : await readSecret(secret, this.flags['from-env'], this.interactive),
    );
    return [outcome, presentEdit(outcome, `${secret} is rotated`)];
  }
}
