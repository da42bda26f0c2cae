import type { ClientChannel } from 'ssh2';
import { ChpError } from '../../core/errors.ts';
import type { ExecOptions, ProcessChannel, Transport } from '../../core/ports/transport.ts';
import { collect } from '../transport-exec.ts';
import { connectSsh, type SshOptions } from './connect.ts';

/** Commands over one SSH connection, each in a channel of its own. */
export async function sshTransport(host: string, options: SshOptions): Promise<Transport> {
  const { ssh, target, close } = await connectSsh(host, options);
  const name = `${target.user}@${target.hostname}:${target.port}`;
  const start = async (
    argv: readonly string[],
    { root, signal }: Pick<ExecOptions, 'root' | 'signal'>,
  ): Promise<ProcessChannel> => {
    const full = root && target.user !== 'root' ? ['sudo', '-n', '--', ...argv] : argv;
    const { connection } = ssh;
    if (!connection || !ssh.isConnected()) throw cut(name);
    return new Promise((resolve, reject) => {
      connection.exec(full.map(quote).join(' '), (error, channel) => {
        if (error) reject(cut(name, error));
        else resolve(processOf(channel, signal));
      });
    });
  };
  return {
    target: name,
    open: (argv, given = {}) => start(argv, given),
    exec: async (argv, given = {}) => collect(await start(argv, given), argv, name, given),
    close: async () => close(),
  };
}

/** Called in the very tick in which the channel opens: a short command's whole answer may be in the same packet. */
function processOf(channel: ClientChannel, signal: AbortSignal | undefined): ProcessChannel {
  let code: number | null = null;
  channel.once('exit', (status: number | null) => {
    code = status ?? 128;
  });
  const exited = new Promise<number | null>((resolve) => channel.once('close', () => resolve(code)));
  const kill = () => channel.destroy();
  signal?.addEventListener('abort', kill, { once: true });
  return { stdin: channel, stdout: channel, stderr: channel.stderr, exited, kill };
}

function cut(name: string, cause?: Error): ChpError {
  return new ChpError('HOST_UNREACHABLE', `${name}: the connection is gone`, {
    next: ['Run the same command again.'],
    cause,
  });
}

/** One word for a POSIX shell: sshd hands the whole line to the user's login shell. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_/:=.,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
