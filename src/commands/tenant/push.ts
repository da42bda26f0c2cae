import { Args, Flags } from '@oclif/core';
import { ChpError } from '../../core/errors.ts';
import { EXIT_CODES } from '../../core/exit-codes.ts';
import type { Context } from '../../operations/context.ts';
import { pushTenants } from '../../operations/push-tenants.ts';
import { presentPushes } from '../../presenters/many.ts';
import { ChpCommand } from '../base.ts';

export default class TenantPush extends ChpCommand<typeof TenantPush> {
  static override summary = 'Push to several tenants at once, with their skills’ folders read anew.';
  static override description =
    `Each is pushed to as by \`skill push\`: a host that has everything costs one connection. One that fails does not stop the others; then the exit code is ${EXIT_CODES.partial.code} and the output says which.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith jones',
    '<%= config.bin %> <%= command.id %> --all --at-once 16',
  ];
  static override args = {
    tenants: Args.string({ description: 'Names of the tenants.', multiple: true }),
  };
  static override flags = {
    all: Flags.boolean({ description: 'All tenants of the registry.' }),
    'at-once': Flags.integer({ description: 'How many at a time.', default: 8, min: 1, max: 64 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const names = this.args.tenants ?? [];
    if (this.flags.all ? names.length > 0 : names.length === 0)
      throw new ChpError('BAD_INPUT', 'either names or --all must be given', { next: ['See them: chp tenant list'] });
    const outcome = await pushTenants(context, this.flags.all ? null : names, this.flags['at-once']);
    if (outcome.failed > 0) process.exitCode = EXIT_CODES.partial.code;
    return [outcome, presentPushes(outcome)];
  }
}
