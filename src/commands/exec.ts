import { Args, Flags } from '@oclif/core';
import { ChpError } from '../core/errors.ts';
import type { Context } from '../operations/context.ts';
import { execOnHost } from '../operations/host-exec.ts';
import { ChpCommand } from './base.ts';

export default class Exec extends ChpCommand<typeof Exec> {
  static override summary = "Run a command on a tenant's host, as the tenant's own user.";
  static override description =
    'Its output is passed on as it comes, byte for byte, and its exit code is chp’s. Ctrl-C ends it there, too.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith -- ls -la',
    '<%= config.bin %> <%= command.id %> smith --root -- nft list table inet chp',
    '<%= config.bin %> <%= command.id %> smith --stdin -- tar -xf - < files.tar',
  ];
  static override usage = '<%= command.id %> TENANT [--root] [--stdin] [--json] -- COMMAND [ARGUMENT...]';
  static override args = { tenant: Args.string({ description: 'Name of the tenant.', required: true }) };
  static override flags = {
    root: Flags.boolean({ description: 'As root.' }),
    stdin: Flags.boolean({ char: 'i', description: 'Pass standard input on.' }),
  };
  #command: string[] = [];

  override async run(): Promise<void> {
    // What stands behind `--` is not for us, whatever it looks like.
    const at = this.argv.indexOf('--');
    this.#command = at < 0 ? [] : this.argv.slice(at + 1);
    if (at >= 0) this.argv = this.argv.slice(0, at);
    await super.run();
  }

  protected async perform(context: Context): Promise<[unknown, null]> {
    if (this.#command.length === 0)
      throw new ChpError('BAD_INPUT', 'there is no command to run', {
        next: [`Write it behind --: chp exec ${this.args.tenant} -- ls`],
      });
    const result = await execOnHost(context, this.args.tenant, this.#command, {
      root: this.flags.root,
      stdin: this.flags.stdin ? process.stdin : null,
      output: this.flags.json ? null : process,
    });
    process.exitCode = result.code;
    return [result, null];
  }
}
