import { Args, Flags } from '@oclif/core';
import type { Context } from '../operations/context.ts';
import { execOnHost } from '../operations/host-access.ts';
import { ChpCommand } from './base.ts';

export default class Exec extends ChpCommand<typeof Exec> {
  static override summary = "Run a command on a tenant's host, as the tenant's own user.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith -- ls -la',
    '<%= config.bin %> <%= command.id %> smith --root -- nft list table inet chp',
  ];
  static override strict = false;
  static override args = { tenant: Args.string({ description: 'Name of the tenant.', required: true }) };
  static override flags = { root: Flags.boolean({ description: 'As root.' }) };

  protected async perform(context: Context): Promise<[unknown, null]> {
    const command = this.argv.slice(this.argv.indexOf('--') + 1);
    if (!this.argv.includes('--') || command.length === 0) this.error('Expected a command behind --', { exit: 2 });
    const result = await execOnHost(context, this.args.tenant, command, { root: this.flags.root });
    if (!this.flags.json) {
      process.stdout.write(context.redact(result.stdout));
      process.stderr.write(context.redact(result.stderr));
    }
    process.exitCode = result.code;
    return [result, null];
  }
}
