import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { ChpError } from '../../core/errors.ts';
import type { StepHandle } from '../../core/ports/progress.ts';
import type { Engine, EngineTarget } from './catalogue.ts';
import type { AcquireOptions } from './options.ts';

const DEADLINE_MS = 60 * 60_000;

/**
 * Builds an engine from the Go module proxy, whose checksum database vouches for the sources, into `dir`/bin.
 * @throws ENGINE_UNAVAILABLE, DEADLINE
 */
export async function buildEngine(
  engine: Engine,
  dir: string,
  {
    env,
    progress,
    signal,
    target = process,
  }: Pick<AcquireOptions, 'env' | 'signal' | 'target'> & { progress: StepHandle },
): Promise<void> {
  const cwd = join(dir, 'module');
  await mkdir(cwd, { recursive: true });
  await writeFile(join(cwd, 'go.mod'), `module chp.invalid/engine\n\ngo 1.24\n\nrequire ${engine.build.require}\n`);
  const late = AbortSignal.timeout(DEADLINE_MS);
  const go = { cwd, env: { ...env, ...goTarget(target) }, signal: AbortSignal.any([signal, late]) };
  const { package: main, ldflags } = engine.build;
  let modules = 0;
  try {
    const packages = await runGo(['list', '-mod=mod', '-deps', main], go, (line) => {
      if (line.startsWith('go: downloading')) progress.update(++modules, 0, 'modules');
    });
    const total = packages.length;
    let built = 0;
    const out = join(dir, 'bin', engine.name);
    await runGo(['build', '-v', '-mod=mod', '-trimpath', '-ldflags', ldflags, '-o', out, main], go, (line) => {
      if (!line.includes(' ')) progress.update(Math.min(++built, total), total, 'packages');
    });
  } catch (error) {
    if (late.aborted)
      throw new ChpError('DEADLINE', `go build did not end within ${DEADLINE_MS / 60_000} min`, { cause: error });
    throw error;
  }
  await rm(cwd, { recursive: true, force: true });
}

/** Go's names for a machine; it compiles for any of them. */
const goTarget = ({ platform, arch }: EngineTarget): NodeJS.ProcessEnv => ({
  GOOS: platform,
  GOARCH: arch === 'x64' ? 'amd64' : arch,
});

/** @returns the lines of stdout; `onLine` is told those of stderr */
async function runGo(
  args: string[],
  { cwd, env, signal }: { cwd: string; env: NodeJS.ProcessEnv; signal: AbortSignal },
  onLine: (line: string) => void,
): Promise<string[]> {
  signal.throwIfAborted();
  const child = spawn('go', args, {
    cwd,
    // Flags and workspaces of the operator are for modules of their own.
    env: { ...env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // With its compilers, which would otherwise go on.
  const stop = () => child.pid && process.kill(-child.pid, 'SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  const stdout: string[] = [];
  const stderr: string[] = [];
  createInterface(child.stdout).on('line', (line) => stdout.push(line));
  createInterface(child.stderr).on('line', (line) => {
    stderr.push(line);
    onLine(line);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('close', resolve);
      child.once('error', (error: NodeJS.ErrnoException) => {
        const message = error.code === 'ENOENT' ? 'there is no Go on this machine' : error.message;
        reject(new ChpError('ENGINE_UNAVAILABLE', message));
      });
    });
    signal.throwIfAborted();
    if (code === 0) return stdout;
    const said = stderr.filter((line) => !line.startsWith('go: downloading')).slice(-3);
    throw new ChpError('ENGINE_UNAVAILABLE', `go ${args[0]} failed`, {
      why: said.join('; ') || `It ended with ${code}.`,
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
