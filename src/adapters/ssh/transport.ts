import { randomBytes } from 'node:crypto';
import { ChpError } from '../../core/errors.ts';
import type { ExecOptions, ProcessChannel, Transport } from '../../core/ports/transport.ts';
import { asRoot } from '../sudo.ts';
import { collect } from '../transport-exec.ts';
import { commandLine } from './command-line.ts';
import { connectSsh, type SshOptions } from './connect.ts';
import { processOf } from './process.ts';
import { nameOf } from './route.ts';
import type { SshConnection } from './standing.ts';

/** A group of processes is asked to end, and made to when it has not after 2 s. */
const END_SCRIPT =
  'end() { kill -s "$1" -- "-$2" || kill -s "$1" "$2"; } 2>/dev/null; end TERM "$0"; for i in 1 2 3 4 5 6 7 8 9 10; do end 0 "$0" || exit 0; sleep 0.2; done; end KILL "$0"';
const END_MS = 5_000;

/** Commands over one SSH connection, each in a channel of its own. */
export async function sshTransport(host: string, options: SshOptions): Promise<Transport> {
  const connection = await connectSsh(host, options);
  const name = nameOf(connection.target);
  const ending = new Set<Promise<unknown>>();

  const start = async (
    argv: readonly string[],
    { root = false, signal }: Pick<ExecOptions, 'root' | 'signal'>,
  ): Promise<ProcessChannel> => {
    const full = root && connection.target.user !== 'root' ? asRoot(argv) : argv;
    const marker = `chp-${randomBytes(6).toString('hex')}-`;
    // Closing the channel alone would leave it running.
    const endThere = (pid: number): Promise<void> => {
      const end = run(['sh', '-c', END_SCRIPT, String(pid)], { root, deadlineMs: END_MS }).catch(() => {});
      ending.add(end);
      return end.then(() => void ending.delete(end));
    };
    const client = connection.ssh.connection;
    if (!client || connection.lost()) throw cut(name, connection);
    return new Promise((resolve, reject) => {
      try {
        client.exec(commandLine(full, marker), (error, channel) => {
          if (error) reject(connection.lost() ? cut(name, connection) : refused(name, error));
          else resolve(processOf({ channel, marker, connection, endThere, signal }));
        });
      } catch (error) {
        reject(cut(name, connection, error));
      }
    });
  };
  const run = (argv: readonly string[], given: ExecOptions) => collect(start(argv, given), argv, name, given);
  return {
    target: name,
    open: (argv, given = {}) => start(argv, given),
    exec: (argv, given = {}) => run(argv, given),
    close: async () => {
      await Promise.all(ending);
      connection.close();
    },
  };
}

function cut(name: string, connection: SshConnection, cause?: unknown): ChpError {
  return new ChpError('HOST_UNREACHABLE', `${name}: the connection is gone`, {
    why: connection.lost() ?? 'The connection was cut.',
    next: ['Run the same command again.'],
    cause,
  });
}

function refused(name: string, cause: Error): ChpError {
  return new ChpError('HOST_UNREACHABLE', `${name} did not start a command`, {
    why: `${cause.message}.`,
    next: ['Look at MaxSessions, ForceCommand and the log of sshd on the host.'],
    cause,
  });
}
