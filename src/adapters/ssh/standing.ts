import type { Duplex } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import type { SshTarget } from './config.ts';
import type { Wire } from './wire.ts';

/** A login that stands. */
export interface SshConnection {
  ssh: NodeSSH;
  target: SshTarget;
  /** Why it went; null = it stands. */
  lost(): string | null;
  close(): void;
}

const CUT = 'The connection was cut.';
/** How long a goodbye may take. */
const GOODBYE_MS = 1_000;

/**
 * Watches a connection: one whose host says nothing for `count` rounds of `aliveMs`, although it is asked in each, is
 * cut, so that whatever waits on it ends.
 */
export function standing(link: {
  ssh: NodeSSH;
  target: SshTarget;
  /** What comes from the host itself. */
  stream: Duplex;
  /** What carries all of it. */
  wire: Wire;
  aliveMs: number;
  count: number;
}): SshConnection {
  const { ssh, target, stream, wire, aliveMs, count } = link;
  let lost: string | null = null;
  // Rounds, not the time of day: a machine that slept has not listened meanwhile.
  let silent = 0;
  stream.on('data', () => {
    silent = 0;
  });
  const watch = setInterval(() => {
    if (++silent <= count) return;
    lost ??= `It has not answered for ${(aliveMs * count) / 1000} s.`;
    wire.destroy();
  }, aliveMs);
  watch.unref();
  const end = (why: string): void => {
    lost ??= why;
    clearInterval(watch);
  };
  ssh.connection?.on('error', (error) => end(`${CUT.slice(0, -1)}: ${error.message}.`));
  ssh.connection?.once('close', () => end(CUT));
  return {
    ssh,
    target,
    lost: () => lost ?? (ssh.isConnected() ? null : CUT),
    close: () => {
      clearInterval(watch);
      ssh.dispose();
      setTimeout(() => wire.destroy(), GOODBYE_MS).unref();
    },
  };
}
