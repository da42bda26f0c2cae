import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SshTarget } from './config.ts';

/** What carries the bytes of an SSH connection. */
export interface Wire {
  stream: Duplex;
  /** Ends it now, whatever the other side does. */
  destroy(): void;
  /** What a proxy command said on its standard error; its last words may take a moment. */
  complaint(): Promise<string>;
}

const LAST_WORDS_MS = 1_000;

/** Opens a TCP connection. @throws the socket's own errors */
export async function tcpWire({ hostname, port, family }: SshTarget, signal: AbortSignal): Promise<Wire> {
  // Requests are small, and one waits for the other's answer: held back until acknowledged, each costs 40 ms.
  const stream = connect({ host: hostname, port, family, noDelay: true });
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
  const stop = (): void => reject(signal.reason);
  stream.once('connect', resolve).once('error', reject);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await opened;
    stream.off('error', reject);
    return { stream, destroy: () => void stream.destroy(), complaint: async () => '' };
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Runs a ProxyCommand. `attended`: a person is there, whom it may ask on the terminal; else it is kept from it.
 */
export function commandWire(command: string, attended: boolean, env: NodeJS.ProcessEnv): Wire {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // In a session of its own it has no terminal.
    detached: !attended,
    env: attended ? env : { ...env, SSH_ASKPASS_REQUIRE: 'never' },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  child.once('error', (error) => {
    said += error.message;
  });
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  stream.on('error', () => {});
  const destroy = (): void => {
    stream.destroy();
    end(child, !attended);
  };
  stream.once('close', () => end(child, !attended));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const complaint = async (): Promise<string> => {
    await Promise.race([ended, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    return said.trim();
  };
  return { stream, destroy, complaint };
}

function end(child: ChildProcess, group: boolean): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(group ? -child.pid : child.pid, 'SIGTERM');
  } catch {
    // It ended by itself meanwhile.
  }
}
