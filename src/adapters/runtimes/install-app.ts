import { spawn } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import type { Platform } from '../../core/generation.ts';

const DEADLINE_MS = 15 * 60_000;

/** Installs a lock file's packages for a platform into `dir`, without running any of their scripts. @returns `dir` */
export async function installApp(dir: string, lockDir: string, platform: Platform, signal: AbortSignal): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const name of ['package.json', 'package-lock.json']) await copyFile(join(lockDir, name), join(dir, name));
  const cpu = platform === 'linux-arm64' ? 'arm64' : 'x64';
  await npm(['ci', '--ignore-scripts', '--omit=dev', '--os=linux', `--cpu=${cpu}`, '--libc=glibc', '--no-audit', '--no-fund', '--loglevel=error'], dir, signal);
  return dir;
}

/** Runs npm with this process's node first on PATH. @throws ENGINE_UNAVAILABLE with npm's words */
export async function npm(args: readonly string[], cwd: string, signal: AbortSignal): Promise<string> {
  const child = spawn('npm', args, {
    cwd,
    signal,
    timeout: DEADLINE_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...withoutNpmConfig(process.env), PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` },
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
      resolve(null);
    });
    child.once('close', resolve);
  });
  if (code === 0) return stdout;
  throw new ChpError('ENGINE_UNAVAILABLE', 'the runtime’s packages could not be installed', {
    why: stderr.trim().split('\n').slice(-8).join('\n') || `npm ended with ${code}.`,
    next: ['Check that npm is installed and reaches its registry: npm ping', 'Without a network: chp bundle build on another machine, then carry the file over.'],
  });
}

/** What `npm run` passes down would change how the packages are laid out. */
function withoutNpmConfig(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_(config_(?!cache|registry|userconfig|https?_proxy|proxy|noproxy|cafile)|package_|lifecycle_)/i.test(name)));
}
