import { Args } from '@oclif/core';
import { getConfig } from '../../operations/config.ts';
import type { Context } from '../../operations/context.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class ConfigGet extends ChpCommand<typeof ConfigGet> {
  static override summary = "Print the gateway's config as chp renders it; secrets are names.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith agents.defaults.timeoutSeconds',
  ];
  static override args = {
    ...tenantArg,
    path: Args.string({ description: 'Path with dots; all of it when left out.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const value = await getConfig(context, this.args.tenant, this.args.path ?? '');
    return [value, typeof value === 'string' ? value : JSON.stringify(value, null, 2)];
  }
}
