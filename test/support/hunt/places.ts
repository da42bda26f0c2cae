import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Canaries } from './needles.ts';

export interface FileHit {
  path: string;
  /** Octal. */
  mode: string;
  user: string;
  names: string[];
}

export interface SeenProcesses {
  /** How often it looked. */
  looks: number;
  argv: string[];
  environments: [user: string, environment: string][];
}

/** Where a hunt looks: this machine, or a test host by its container. */
export class Place {
  readonly #container: string | null;

  constructor(container: string | null) {
    this.#container = container;
  }

  /** Every file below the roots that holds a canary. File systems that are mounted there are not entered. */
  async files(canaries: Canaries, roots: string[], skip: string[] = []): Promise<{ read: number; hits: FileHit[] }> {
    const child = this.#start('files.py');
    child.stdin.end(JSON.stringify({ needles: canaries, roots, skip }));
    return JSON.parse(await text(child.stdout));
  }

  /** Looks at processes from now until it is asked for what it saw. */
  watchProcesses(): () => Promise<SeenProcesses> {
    const child = this.#start('processes.py');
    const said = text(child.stdout);
    return async () => {
      child.stdin.end();
      return JSON.parse(await said);
    };
  }

  #start(program: string): ChildProcessWithoutNullStreams {
    const source = readFileSync(fileURLToPath(new URL(program, import.meta.url)), 'utf8');
    const python = ['python3', '-c', source];
    const [command = '', ...args] = this.#container ? ['docker', 'exec', '-i', this.#container, ...python] : python;
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stderr.pipe(process.stderr);
    return child;
  }
}
