import { constants } from 'node:os';
import type { ClientChannel } from 'ssh2';
import type { ProcessChannel } from '../../core/ports/transport.ts';
import { afterMarker } from './after-marker.ts';
import type { SshConnection } from './standing.ts';

/** How long a command may take to begin before it is given up without having been ended on the host. */
const START_MS = 5_000;

/**
 * A command in its channel. Called in the very tick in which the channel opens: a short command's whole answer may be
 * in the same packet.
 */
export function processOf(given: {
  channel: ClientChannel;
  /** What `commandLine` printed before the command. */
  marker: string;
  connection: SshConnection;
  /** Ends a process on the host. */
  endThere(pid: number): Promise<void>;
  signal: AbortSignal | undefined;
}): ProcessChannel {
  const { channel, connection, signal } = given;
  let code: number | null = null;
  channel.once('exit', (status: number | null, killedBy?: string) => {
    code = status ?? 128 + (constants.signals[(killedBy ?? '') as NodeJS.Signals] ?? 0);
  });
  // The exit code may come before the last of the output: cut in between, the answer is not whole.
  const exited = new Promise<number | null>((resolve) =>
    channel.once('close', () => resolve(connection.lost() ? null : code)),
  );
  const { promise: started, resolve: onStart } = Promise.withResolvers<number>();
  let ending: Promise<void> | undefined;
  const kill = (): Promise<void> => {
    ending ??= firstOf(started, exited, START_MS).then(async (pid) => {
      if (pid !== null) await given.endThere(pid);
      channel.destroy();
    });
    return ending;
  };
  const onAbort = (): void => void kill();
  signal?.addEventListener('abort', onAbort, { once: true });
  void exited.then(() => signal?.removeEventListener('abort', onAbort));
  if (signal?.aborted) onAbort();
  const stdout = channel.pipe(afterMarker(given.marker, onStart));
  const stderr = channel.stderr.pipe(afterMarker(given.marker));
  return { stdin: channel, stdout, stderr, exited, kill, lost: () => connection.lost() };
}

/** The process id, unless there is nothing to end or to wait for any more. */
async function firstOf(started: Promise<number>, exited: Promise<unknown>, ms: number): Promise<number | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, ms, null);
  try {
    return await Promise.race([exited.then(() => null), started, late]);
  } finally {
    clearTimeout(timer);
  }
}
