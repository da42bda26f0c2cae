import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import ssh2, { type ConnectConfig } from 'ssh2';
import { ChpError } from '../../core/errors.ts';
import { chpHome } from '../../core/home.ts';
import { resolveTarget, type SshTarget } from './config.ts';
import {
  checkHostKey,
  fingerprint,
  type HostKeyVerdict,
  hostPattern,
  keyType,
  pinHostKey,
  pinnedTypes,
} from './known-hosts.ts';

export interface SshOptions {
  /** Pin an unknown host key without asking. */
  acceptNew?: boolean;
  /** Asked on a terminal; absent in pipelines. */
  confirmHostKey?: (host: string, fingerprint: string) => Promise<boolean>;
  /** Asked on a terminal for a key's passphrase; absent in pipelines. */
  passphrase?: (file: string) => Promise<string | null>;
  deadlineMs?: number;
  /** Ends an attempt to connect: INTERRUPTED. */
  signal?: AbortSignal;
  env?: NodeJS.ProcessEnv;
}

const READY_MS = 20_000;
const KEEPALIVE_MS = 10_000;
const ATTEMPTS = 2;

/**
 * Logs in. Only connecting is tried again, never a command.
 * @throws ChpError HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, HOST_AUTH
 */
export async function connectSsh(
  text: string,
  options: SshOptions,
): Promise<{ ssh: NodeSSH; target: SshTarget; close(): void }> {
  const env = options.env ?? process.env;
  const target = resolveTarget(text, env);
  const hops: NodeSSH[] = [];
  try {
    let via: Duplex | undefined;
    for (const jump of target.proxyJump) {
      const hop = resolveTarget(jump, env);
      const ssh = await login(hop, options, via);
      hops.push(ssh);
      via = await ssh.forwardOut('127.0.0.1', 0, target.hostname, target.port);
    }
    if (target.proxyCommand) via = proxyCommand(target.proxyCommand);
    const ssh = await login(target, options, via);
    return {
      ssh,
      target,
      close: () => {
        ssh.dispose();
        for (const hop of hops.reverse()) hop.dispose();
      },
    };
  } catch (error) {
    for (const hop of hops) hop.dispose();
    throw error;
  }
}

async function login(target: SshTarget, options: SshOptions, via: Duplex | undefined): Promise<NodeSSH> {
  const name = hostPattern(target.hostKeyAlias ?? target.hostname, target.port);
  const own = chpHome(options.env).knownHosts;
  const files = [...target.userKnownHosts, own];
  let refusal: ChpError | undefined;
  const keys = await privateKeys(target, options);
  const pinned = pinnedTypes(files, name);
  const config: ConnectConfig = {
    host: target.hostname,
    port: target.port,
    username: target.user,
    readyTimeout: options.deadlineMs ?? READY_MS,
    keepaliveInterval: KEEPALIVE_MS,
    keepaliveCountMax: 3,
    ...(via ? { sock: via } : {}),
    ...(pinned.length > 0
      ? { algorithms: { serverHostKey: { append: [], prepend: expandTypes(pinned), remove: [] } } }
      : {}),
    hostVerifier: (key: Buffer, verify: (ok: boolean) => void) => {
      decide(checkHostKey(files, name, key), key, name, own, options).then(
        () => verify(true),
        (error: ChpError) => {
          refusal = error;
          verify(false);
        },
      );
    },
    authHandler: authMethods(target, keys, options.env ?? process.env) as NonNullable<ConnectConfig['authHandler']>,
  };
  for (let attempt = 1; ; attempt++) {
    const ssh = new NodeSSH();
    try {
      const connected = ssh.connect(config as Parameters<NodeSSH['connect']>[0]);
      // Requests are small, and one waits for the other's answer: held back until acknowledged, each costs 40 ms.
      ssh.connection?.setNoDelay(true);
      await abortable(connected, options.signal);
      ssh.connection?.on('error', () => {});
      return ssh;
    } catch (error) {
      // dispose() alone waits for a goodbye that a silent peer never says.
      ssh.connection?.destroy();
      ssh.dispose();
      if (refusal) throw refusal;
      if (options.signal?.aborted) throw new ChpError('INTERRUPTED', `connecting to ${name} was stopped`);
      const fault = explain(error as Error & { level?: string; code?: string }, target);
      const retryable = /ECONNRESET|EPIPE|banner/.test(String((error as Error).message)) && !via;
      if (attempt >= ATTEMPTS || !retryable) throw fault;
    }
  }
}

/** Settles with `work`, or rejects when the signal comes first. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => {});
  }
}

async function decide(
  verdict: HostKeyVerdict,
  key: Buffer,
  name: string,
  file: string,
  options: SshOptions,
): Promise<void> {
  const print = fingerprint(key);
  switch (verdict.is) {
    case 'known':
      return;
    case 'revoked':
      throw new ChpError('HOST_KEY_CHANGED', `${name} shows a host key that is marked as revoked: ${print}`);
    case 'changed':
      throw new ChpError('HOST_KEY_CHANGED', `${name} shows another host key than the one that is pinned`, {
        why: `It shows ${print}; pinned is ${verdict.known} (${verdict.file}:${verdict.line}). The machine was set up anew, or somebody listens in.`,
        next: [
          `Compare on the machine itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`,
          `If it was set up anew: ssh-keygen -R '${name}' -f ${verdict.file}`,
        ],
        details: { shown: print, pinned: verdict.known, file: verdict.file, line: verdict.line },
      });
    case 'unknown':
      if (options.acceptNew || (await options.confirmHostKey?.(name, `${keyType(key)} ${print}`))) {
        pinHostKey(file, name, key);
        return;
      }
      throw new ChpError('HOST_KEY_UNKNOWN', `${name} is not known yet: its host key is ${keyType(key)} ${print}`, {
        next: [
          'Compare it with the one on the machine: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
          'Then run the same command with --accept-new.',
        ],
        details: { fingerprint: print },
      });
  }
}

/** RSA keys sign under newer names than the key's own. */
function expandTypes(types: readonly string[]): ('ssh-rsa' | 'ssh-ed25519')[] {
  return types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type])) as (
    | 'ssh-rsa'
    | 'ssh-ed25519'
  )[];
}

async function privateKeys(target: SshTarget, options: SshOptions): Promise<Buffer[] | string[]> {
  const keys: string[] = [];
  for (const file of target.identityFiles) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    const parsed = ssh2.utils.parseKey(text);
    if (!(parsed instanceof Error)) keys.push(text);
    else if (/encrypted|passphrase/i.test(parsed.message) && options.passphrase) {
      const passphrase = await options.passphrase(file);
      const opened = passphrase === null ? null : ssh2.utils.parseKey(text, passphrase);
      if (opened && !(opened instanceof Error)) keys.push([opened].flat()[0]?.getPrivatePEM() ?? '');
    }
  }
  return keys;
}

function authMethods(target: SshTarget, keys: readonly (Buffer | string)[], env: NodeJS.ProcessEnv): unknown[] {
  const methods: unknown[] = keys.map((key) => ({ type: 'publickey', username: target.user, key }));
  if (env.SSH_AUTH_SOCK && !target.identitiesOnly)
    methods.unshift({ type: 'agent', username: target.user, agent: env.SSH_AUTH_SOCK });
  // Last: few servers let anybody in, and the question costs a round trip.
  return [...methods, { type: 'none', username: target.user }];
}

function proxyCommand(command: string): Duplex {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  stream.on('error', () => {});
  stream.once('close', () => child.kill());
  return stream;
}

function explain(error: Error & { level?: string; code?: string }, target: SshTarget): ChpError {
  const where = `${target.user}@${target.hostname}:${target.port}`;
  if (error.level === 'client-authentication')
    return new ChpError('HOST_AUTH', `${where} refused every key`, {
      why: 'None of the identity files or agent keys is in its authorized_keys.',
      next: [
        `ssh-copy-id -p ${target.port} ${target.user}@${target.hostname}`,
        'Or name the right key with IdentityFile in ~/.ssh/config.',
      ],
      cause: error,
    });
  const known: Record<string, string> = {
    ECONNREFUSED: 'Nothing listens on that port: is sshd running?',
    ENOTFOUND: 'The name does not resolve.',
    EAI_AGAIN: 'The name does not resolve: is there a network?',
    EHOSTUNREACH: 'There is no route to it.',
    ETIMEDOUT: 'It did not answer.',
  };
  const hung = error.level === 'client-timeout' || /Timed out while waiting for handshake/i.test(error.message);
  return new ChpError('HOST_UNREACHABLE', `${where} can't be reached`, {
    why: hung
      ? 'It accepted the connection, then did not go on with the login in time.'
      : (known[error.code ?? ''] ?? `${error.message}.`),
    next: [`Try it by hand: ssh -p ${target.port} ${target.user}@${target.hostname} true`],
    cause: error,
  });
}
