import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fingerprint } from '../../src/adapters/ssh/known-hosts.ts';

const START_MS = 10_000;

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface SshdOptions {
  /** Lines of sshd_config(5), first: what is said first, wins. */
  config?: readonly string[];
  hostKeys?: readonly KeyType[];
  port?: number;
  address?: string;
}

/** Makes a key pair. @returns the path of the private half */
export function makeKey(path: string, type: KeyType = 'ed25519', passphrase = ''): string {
  const bits = type === 'rsa' ? ['-b', '2048'] : [];
  execFileSync('ssh-keygen', ['-q', '-a', '1', '-t', type, ...bits, '-N', passphrase, '-C', `key ${type}`, '-f', path]);
  return path;
}

/** `SHA256:…` of the public half beside a key. */
export function fingerprintOf(key: string): string {
  return fingerprint(Buffer.from(readFileSync(`${key}.pub`, 'utf8').split(' ')[1] ?? '', 'base64'));
}

/** A real sshd of its own, on loopback, that lets the current user in by keys. */
export class TestSshd implements AsyncDisposable {
  readonly dir: string;
  readonly port: number;
  readonly user = userInfo().username;
  readonly address: string;
  readonly #child: ChildProcess;

  private constructor(dir: string, port: number, address: string, child: ChildProcess) {
    this.dir = dir;
    this.port = port;
    this.address = address;
    this.#child = child;
  }

  static async start(options: SshdOptions = {}): Promise<TestSshd> {
    const dir = mkdtempSync(join(tmpdir(), 'chp-sshd-'));
    const address = options.address ?? '127.0.0.1';
    const port = options.port ?? (await freePort());
    const keys = options.hostKeys ?? ['ed25519'];
    for (const type of keys) makeKey(join(dir, `host_${type}`), type);
    writeFileSync(join(dir, 'authorized_keys'), '');
    const isRoot = process.getuid?.() === 0;
    // Where sshd started by root drops its rights; Debian makes it with the service.
    if (isRoot) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const config = [
      ...(options.config ?? []),
      `ListenAddress ${address}`,
      `Port ${port}`,
      ...keys.map((type) => `HostKey ${join(dir, `host_${type}`)}`),
      `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
      `PidFile ${join(dir, 'pid')}`,
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      // An account without a password counts as locked where PAM is not asked.
      `UsePAM ${isRoot ? 'yes' : 'no'}`,
      'PermitRootLogin prohibit-password',
      'LogLevel VERBOSE',
      '',
    ].join('\n');
    writeFileSync(join(dir, 'sshd_config'), config);
    const argv = ['-D', '-f', join(dir, 'sshd_config'), '-E', join(dir, 'log')];
    const child = spawn('/usr/sbin/sshd', argv, { stdio: 'ignore' });
    const sshd = new TestSshd(dir, port, address, child);
    await sshd.#ready();
    return sshd;
  }

  /** Lets a key in. */
  authorize(...keys: string[]): void {
    const lines = keys.map((key) => readFileSync(`${key}.pub`, 'utf8'));
    writeFileSync(join(this.dir, 'authorized_keys'), lines.join(''), { flag: 'a' });
  }

  /** A line of known_hosts for it. */
  knownHost(type: KeyType = 'ed25519', name = `[${this.address}]:${this.port}`): string {
    const [kind, key] = readFileSync(join(this.dir, `host_${type}.pub`), 'utf8').split(' ');
    return `${name} ${kind} ${key}\n`;
  }

  fingerprint(type: KeyType = 'ed25519'): string {
    return fingerprintOf(join(this.dir, `host_${type}`));
  }

  get log(): string {
    return readFileSync(join(this.dir, 'log'), 'utf8');
  }

  /** What it wrote of each login, oldest first. It does so a moment after it let somebody in. */
  get logins(): string[] {
    return this.log.split('\n').filter((line) => line.includes('Accepted publickey'));
  }

  /** What it started: processes that serve logins, and what runs in those. */
  processes(): TestProcess[] {
    return processesBelow(this.#child.pid as number);
  }

  /** A command that runs in a login, by its command line. */
  running(args: string): TestProcess | undefined {
    return this.processes().find((process) => process.args === args);
  }

  /** Stops the processes that serve logins: connections stand, and nothing is said on them any more. */
  stopSessions(): void {
    for (const { pid, args } of this.processes()) if (args.startsWith('sshd')) signal(pid, 'SIGSTOP');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = this.processes();
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await gone;
    for (const { pid } of left) signal(pid, 'SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    for (const deadline = Date.now() + START_MS; Date.now() < deadline; await sleep(30)) {
      if (this.#child.exitCode !== null) break;
      if (await answers(this.address, this.port)) return;
    }
    throw new Error(`sshd did not start:\n${this.log}`);
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

export interface TestProcess {
  pid: number;
  ppid: number;
  args: string;
}

function processesBelow(pid: number): TestProcess[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const all = lines.flatMap((line) => {
    const [, own, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return own ? [{ pid: Number(own), ppid: Number(parent), args }] : [];
  });
  const below = (one: number): TestProcess[] =>
    all.filter(({ ppid }) => ppid === one).flatMap((child) => [child, ...below(child.pid)]);
  return below(pid);
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('data', () => socket.destroy()).once('error', () => resolve(false));
    socket.once('close', () => resolve(true));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
