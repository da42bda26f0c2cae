import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';

/** A program on a real terminal of 120 × 40, by script(1) of util-linux. */
export class Terminal implements AsyncDisposable {
  /** All that was drawn, escape codes included. */
  drawn = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #read = 0;

  constructor(argv: readonly string[], env: NodeJS.ProcessEnv) {
    const command = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    this.#child = spawn('script', ['-qefc', `stty cols 120 rows 40; exec ${command}`, '/dev/null'], {
      env: { ...env, TERM: 'xterm-256color', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.drawn += chunk;
    });
    this.#child.stdin?.on('error', () => {});
    this.#ended = once(this.#child, 'close');
  }

  /** All that was drawn, as text. */
  get text(): string {
    return stripVTControlCharacters(this.drawn).replaceAll('\r\n', '\n');
  }

  /** Waits until something is drawn behind what was waited for before. */
  async shows(text: string): Promise<this> {
    await expect.poll(() => this.text.slice(this.#read), { timeout: 120_000 }).toContain(text);
    this.#read = this.text.indexOf(text, this.#read) + text.length;
    return this;
  }

  /** As keys; Enter is `\r`. */
  type(keys: string): this {
    this.#child.stdin?.write(keys);
    return this;
  }

  /** @returns the program's exit code */
  async ends(): Promise<number> {
    return (await this.#ended)[0] as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

export const KEYS = { enter: '\r', down: '\x1b[B', ctrlC: '\x03', tab: '\t', clearLine: '\x15' } as const;
