import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkOutput } from './output-schema.ts';
import { TEST_CACHE } from './runtime-bundle.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface ChpResult {
  code: number | null;
  stdout: string;
  stderr: string;
  /** What --json printed. */
  json: { ok: boolean; result?: any; error?: { code: string; message: string; why?: string; next: string[] } } | null;
}

/** The command line as users run it, with a $CHP_HOME of its own. */
export class Chp {
  readonly home = mkdtempSync(join(tmpdir(), 'chp home '));
  readonly env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv = {}) {
    const { CI: _ci, ...inherited } = process.env;
    this.env = { ...inherited, CHP_HOME: this.home, CHP_CACHE: TEST_CACHE, NO_COLOR: '1', ...env };
  }

  /** Program and arguments of a command. */
  argv(args: readonly string[]): string[] {
    return [process.execPath, join(ROOT, 'bin/run.js'), ...args];
  }

  /** A command that is looked at, or stopped, while it runs. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string): ChildProcessWithoutNullStreams {
    const [program = '', ...rest] = this.argv(args);
    return spawn(program, rest, {
      env: { ...this.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(cwd ? { cwd } : {}),
    });
  }

  run(
    args: readonly string[],
    options: { input?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
  ): Promise<ChpResult> {
    const child = this.start(args, options.env, options.cwd);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr, json: parse(stdout) }));
    });
  }

  /** As `run`, with --json (before `--`); fails the test with what was said when the exit code is another one. */
  async json(args: readonly string[], options: Parameters<Chp['run']>[1] & { code?: number } = {}): Promise<any> {
    const at = args.includes('--') ? args.indexOf('--') : args.length;
    const result = await this.run([...args.slice(0, at), '--json', ...args.slice(at)], options);
    if (result.code !== (options.code ?? 0))
      throw new Error(`chp ${args.join(' ')}: exit ${result.code}\n${result.stdout}\n${result.stderr}`);
    if (result.json?.ok) checkOutput(args, result.json);
    return result.json?.ok ? result.json.result : result.json?.error;
  }

  cleanUp(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

function parse(text: string): ChpResult['json'] {
  try {
    return JSON.parse(text) as ChpResult['json'];
  } catch {
    return null;
  }
}
