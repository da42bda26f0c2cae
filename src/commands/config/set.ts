import { Args, Flags } from '@oclif/core';
import { ChpError } from '../../core/errors.ts';
import { setConfig } from '../../operations/config.ts';
import type { Context } from '../../operations/context.ts';
import { presentEdit } from '../../presenters/edit.ts';
import { stageFlag, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class ConfigSet extends ChpCommand<typeof ConfigSet> {
  static override summary = "Set a value of the gateway's config, and push it.";
  static override description =
    'The gateway itself checks the result before anything is switched; when it would refuse it, nothing changes.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith agents.defaults.timeoutSeconds 120',
    '<%= config.bin %> <%= command.id %> smith messages.ackReactionScope --unset',
  ];
  static override args = {
    ...tenantArg,
    path: Args.string({ description: 'Path with dots.', required: true }),
    value: Args.string({ description: 'YAML or JSON: 120, true, "text", [a, b].' }),
  };
  static override flags = { ...stageFlag, unset: Flags.boolean({ description: 'Remove the value.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, path, value } = this.args;
    if (this.flags.unset === (value !== undefined))
      throw new ChpError('BAD_INPUT', 'either a VALUE or --unset must be given', { next: ['chp config set --help'] });
    const outcome = await setConfig(context, tenant, path, this.flags.unset ? undefined : value, this.flags.stage);
    return [outcome, presentEdit(outcome, `${path} is ${this.flags.unset ? 'removed' : 'set'}`)];
  }
}
