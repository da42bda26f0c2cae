import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from './sshd.ts';

/** An operator's home folder, with ~/.ssh and chp's own folder; nothing of the machine's user gets in. */
export class SshHome implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'chp-ssh-home-'));
  readonly env: NodeJS.ProcessEnv;
  /** An ed25519 key without a passphrase; not one of those that are tried by themselves. */
  readonly key: string;
  readonly pins: string;

  constructor() {
    mkdirSync(join(this.dir, '.ssh'), { mode: 0o700 });
    const { PATH } = process.env;
    this.env = { PATH, HOME: this.dir, CHP_HOME: join(this.dir, '.chp') };
    this.key = makeKey(join(this.dir, '.ssh', 'operator'));
    this.pins = join(this.dir, '.chp', 'known_hosts');
  }

  /** Path in ~/.ssh. */
  path(name: string): string {
    return join(this.dir, '.ssh', name);
  }

  /** Writes a file of ~/.ssh. */
  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** What chp pinned. */
  pinned(): string {
    try {
      return readFileSync(this.pins, 'utf8');
    } catch {
      return '';
    }
  }

  /** Writes ~/.ssh/config of an alias `hub` for a server that is known already. */
  knows(server: { port: number; address: string; user: string; knownHost(): string }, ...more: string[]): void {
    this.write('known_hosts', server.knownHost());
    this.write(
      'config',
      [
        'Host hub',
        `  HostName ${server.address}`,
        `  Port ${server.port}`,
        `  User ${server.user}`,
        '  IdentityFile ~/.ssh/operator',
        ...more.map((line) => `  ${line}`),
        '',
      ].join('\n'),
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
