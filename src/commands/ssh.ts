import { spawn } from 'node:child_process';
import type { Context } from '../operations/context.ts';
import { sshCommand } from '../operations/host-access.ts';
import { tenantArg } from './args.ts';
import { ChpCommand } from './base.ts';

export default class Ssh extends ChpCommand<typeof Ssh> {
  static override summary = "Open a shell on a tenant's host, with the host key that chp pinned.";
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, null]> {
    const [command = 'ssh', ...args] = await sshCommand(context, this.args.tenant);
    const child = spawn(command, args, { stdio: 'inherit' });
    process.exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
    });
    return [{ exitCode: process.exitCode }, null];
  }
}
