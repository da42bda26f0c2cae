import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ChpError } from '../core/errors.ts';
import type { Context } from '../operations/context.ts';
import { sshCommand } from '../operations/host-shell.ts';
import { tenantArg } from './args.ts';
import { ChpCommand } from './base.ts';

export default class Ssh extends ChpCommand<typeof Ssh> {
  static override summary = "Open a shell on a tenant's host, with the host key that chp pinned.";
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, null]> {
    const [command = 'ssh', ...args] = await sshCommand(context, this.args.tenant);
    process.exitCode = await exitCodeOf(spawn(command, args, { stdio: 'inherit' }));
    return [{ exitCode: process.exitCode }, null];
  }
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
    child.once('error', (cause) =>
      reject(
        new ChpError('NOT_FOUND', `ssh could not be started: ${cause.message}`, {
          next: ['Install it (Debian: openssh-client).'],
          cause,
        }),
      ),
    );
  });
}
