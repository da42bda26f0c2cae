import { Args, Flags } from '@oclif/core';
import type { Context } from '../operations/context.ts';
import { readLogs } from '../operations/host-logs.ts';
import { ChpCommand } from './base.ts';

export default class Logs extends ChpCommand<typeof Logs> {
  static override summary = "Print the log of a tenant's service.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith gateway --follow',
  ];
  static override args = {
    tenant: Args.string({ description: 'Name of the tenant.', required: true }),
    service: Args.string({ description: 'Name of the service.', default: 'gateway' }),
  };
  static override flags = {
    lines: Flags.integer({ char: 'n', description: 'The last so many lines.', default: 100, min: 1, max: 10_000 }),
    follow: Flags.boolean({ char: 'f', description: 'Go on until Ctrl-C.', exclusive: ['json'] }),
  };

  protected async perform(context: Context): Promise<[unknown, null]> {
    const lines: string[] = [];
    const { lines: last, follow, json } = this.flags;
    await readLogs(context, this.args.tenant, { service: this.args.service, lines: last, follow }, (line) =>
      json ? lines.push(line) : this.print(line),
    );
    return [{ lines }, null];
  }
}
