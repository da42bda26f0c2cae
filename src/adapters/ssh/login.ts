import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { ConnectConfig } from 'ssh2';
import type { SshTarget } from './config.ts';
import { assertHostKey, type HostKeyConsent, hostKeyAlgorithms } from './host-key.ts';
import type { Identities } from './identities.ts';
import type { Patience } from './patience.ts';

/** ssh2's own count is off: it only looks at answers to its questions, and an upload over a slow line delays those. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export interface LoginOptions {
  target: SshTarget;
  stream: Duplex;
  identities: Identities;
  patience: Patience;
  /** File that chp pins host keys in. */
  pins: string;
  consent: HostKeyConsent;
  /** How often the host is asked whether it is there, ms. */
  aliveMs: number;
  /** Told what the host would let somebody in by. */
  onMethods(methods: readonly string[]): void;
}

/** Speaks SSH over a stream and logs in. @throws ChpError on a host key that is not the right one; ssh2's own errors */
export async function login(options: LoginOptions): Promise<NodeSSH> {
  const { target, patience, pins, consent, identities } = options;
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
  const files = [...target.knownHosts, pins];
  let accepted: Buffer | undefined;
  const methods: unknown[] = [
    { type: 'agent', username: target.user, agent: identities },
    // Last: few servers let anybody in, and the question costs a round trip.
    { type: 'none', username: target.user },
  ];
  const config: ConnectConfig = {
    sock: options.stream as NonNullable<ConnectConfig['sock']>,
    host: target.hostname,
    username: target.user,
    readyTimeout: 0,
    keepaliveInterval: options.aliveMs,
    keepaliveCountMax: NO_LIMIT,
    algorithms: { serverHostKey: hostKeyAlgorithms(files, target.hostKeyName) as 'ssh-ed25519'[] },
    hostVerifier: (key: Buffer, verify: (ok: boolean) => void): void => {
      // It is shown again whenever the connection renews its keys.
      if (accepted?.equals(key)) {
        verify(true);
        return;
      }
      patience
        .pause(() => assertHostKey(key, target.hostKeyName, target.knownHosts, pins, consent))
        .then(
          () => {
            accepted = Buffer.from(key);
            verify(true);
          },
          (error: unknown) => {
            stop(error);
            verify(false);
          },
        );
    },
    authHandler: ((left: string[] | null) => {
      if (left) options.onMethods(left);
      return methods.shift() ?? false;
    }) as NonNullable<ConnectConfig['authHandler']>,
  };
  const ssh = new NodeSSH();
  const onAbort = (): void => stop(patience.signal.reason);
  patience.signal.addEventListener('abort', onAbort, { once: true });
  if (patience.signal.aborted) onAbort();
  try {
    const connecting = ssh.connect(config as Parameters<NodeSSH['connect']>[0]);
    connecting.catch(() => {});
    // Nobody else listens once it is connected, and an error without a listener ends the process.
    ssh.connection?.on('error', () => {});
    return await Promise.race([connecting, stopped]);
  } finally {
    patience.signal.removeEventListener('abort', onAbort);
  }
}
