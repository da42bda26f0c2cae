import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface ExecOptions {
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs a program to its end; its words are only kept for an error. @throws Error when it does not end with 0 */
export function exec(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
  const [command = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve(stdout)
        : reject(new Error(`${argv.join(' ')} ended with ${code}:\n${(stderr || stdout).slice(-2000)}`)),
    );
  });
}

/** A shell pipeline; fails when any part of it does. */
export const shell = (script: string, options?: ExecOptions): Promise<string> =>
  exec(['bash', '-c', `set -euo pipefail; ${script}`], options);

/** As an operator would start it: the node on trial, and bin/run.js. */
export const chp = (args: readonly string[], options?: ExecOptions): Promise<string> =>
  exec([process.execPath, join(ROOT, 'bin/run.js'), ...args], options);

export function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(join(dir, program)));
}

export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Runs a program to its end, and watches its memory. @returns its peak, MiB */
export async function peakOf(argv: readonly string[], options: ExecOptions = {}): Promise<number> {
  const [command = '', ...args] = argv;
  const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let [peak, stderr] = [0, ''];
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const watch = setInterval(() => {
    const status = existsSync(`/proc/${child.pid}/status`) ? readFileSync(`/proc/${child.pid}/status`, 'utf8') : '';
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
  }, 20);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${stderr.slice(-2000)}`);
  return peak;
}
