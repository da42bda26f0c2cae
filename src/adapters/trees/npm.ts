import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, delimiter, dirname } from 'node:path';
import { ChpError } from '../../core/errors.ts';

const DEADLINE_MS = 15 * 60_000;

/**
 * Runs npm under this process's node.
 * @returns its stdout
 * @throws ENGINE_UNAVAILABLE with npm's words; INTERRUPTED
 */
export async function npm(args: readonly string[], cwd: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const [command, ...before] = npmCommand(process.env);
  const child = spawn(command, [...before, ...args], {
    cwd,
    signal,
    timeout: DEADLINE_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...cleanEnvironment(process.env),
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      stderr += error.message;
    });
    child.once('close', resolve);
  });
  if (code === 0) return stdout;
  if (signal.aborted) throw new ChpError('INTERRUPTED', 'npm was stopped');
  throw new ChpError('ENGINE_UNAVAILABLE', 'packages could not be had from npm', {
    why:
      stderr.trim().split('\n').slice(0, 8).join('\n') ||
      `npm ended with ${code ?? 'a signal, or after its deadline'}.`,
    next: [
      'Check that npm is installed and reaches its registry: npm ping',
      'Without a network: chp bundle build on another machine, then carry the file over.',
    ],
  });
}

/** The npm that runs us, else the one on PATH. */
function npmCommand(env: NodeJS.ProcessEnv): [string, ...string[]] {
  const running = env.npm_execpath;
  if (running && basename(running) === 'npm-cli.js' && existsSync(running)) return [process.execPath, running];
  return ['npm'];
}

/** What `npm run` passes down would change how the packages are laid out; how to reach the registry is kept. */
function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^npm_(config_(?!cache|registry|userconfig|https?_proxy|proxy|noproxy|cafile)|package_|lifecycle_)/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}
