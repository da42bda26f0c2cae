import { Args, Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { setSecret } from '../../operations/secrets.ts';
import { presentEdit } from '../../presenters/edit.ts';
import { readSecret } from '../../presenters/read-secret.ts';
import { stageFlag, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class SecretSet extends ChpCommand<typeof SecretSet> {
  static override summary =
    'Set a secret, and push it. The value comes from a prompt, standard input or a variable, never from the command line.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith ANTHROPIC_API_KEY < key.txt',
    '<%= config.bin %> <%= command.id %> smith ANTHROPIC_API_KEY --from-env ANTHROPIC_API_KEY',
  ];
  static override args = {
    ...tenantArg,
    secret: Args.string({ description: 'Name, as a variable: ANTHROPIC_API_KEY.', required: true }),
  };
  static override flags = { ...stageFlag, 'from-env': Flags.string({ description: 'Variable that holds the value.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, secret } = this.args;
    const outcome = await setSecret(
      context,
      tenant,
      secret,
      await readSecret(secret, this.flags['from-env'], this.interactive),
      this.flags.stage,
    );
    return [outcome, presentEdit(outcome, `${secret} is set`)];
  }
}
