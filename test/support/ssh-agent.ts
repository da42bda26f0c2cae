import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real ssh-agent of its own; its keys are added by ssh-add. */
export class TestAgent implements AsyncDisposable {
  readonly socket: string;
  readonly #child: ChildProcess;

  private constructor(socket: string, child: ChildProcess) {
    this.socket = socket;
    this.#child = child;
  }

  static async start(dir: string): Promise<TestAgent> {
    const socket = join(dir, `agent-${Math.random().toString(36).slice(2)}`);
    const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    while (!existsSync(socket)) await sleep(20);
    return new TestAgent(socket, child);
  }

  /** `passphrase`: of a key that is encrypted. */
  add(key: string, options: { passphrase?: string; flags?: readonly string[] } = {}): void {
    // Where there is no terminal, ssh-add takes the passphrase from what a program prints.
    const ask = join(dirname(this.socket), 'askpass');
    writeFileSync(ask, '#!/bin/sh\necho "$PASSPHRASE"\n', { mode: 0o700 });
    const env = { SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: 'force', PASSPHRASE: options.passphrase };
    this.run('ssh-add', ['-q', ...(options.flags ?? []), key], env);
  }

  run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    return execFileSync(command, args, {
      env: { PATH: process.env.PATH, SSH_AUTH_SOCK: this.socket, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
  }
}
