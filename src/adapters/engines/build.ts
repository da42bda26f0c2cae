import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import type { StepHandle } from '../../core/ports/progress.ts';
import type { AcquireOptions } from './acquire.ts';
import type { Engine } from './catalogue.ts';

const DEADLINE_MS = 20 * 60_000;

/** Builds an engine from the Go module proxy, whose checksum database vouches for the sources, into `dir`/bin. */
export async function buildEngine(
  engine: Engine,
  dir: string,
  { env, progress, signal }: AcquireOptions & { progress: StepHandle },
): Promise<void> {
  const module = join(dir, 'module');
  await mkdir(module, { recursive: true });
  await writeFile(join(module, 'go.mod'), `module chp.invalid/engine\n\ngo 1.24\n\nrequire ${engine.build.require}\n`);
  const args = [
    'build',
    '-mod=mod',
    '-trimpath',
    '-ldflags',
    engine.build.ldflags,
    '-o',
    join(dir, 'bin', engine.name),
    engine.build.package,
  ];
  const child = spawn('go', args, {
    cwd: module,
    env: { ...env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: DEADLINE_MS,
    signal,
  });
  let last = '';
  let modules = 0;
  child.stderr.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n').filter(Boolean)) {
      if (line.startsWith('go: downloading')) progress.update(++modules, 0, 'modules fetched');
      else last = line;
    }
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new ChpError('ENGINE_UNAVAILABLE', error.code === 'ENOENT' ? 'there is no Go on this machine' : error.message),
      ),
    );
    child.once('close', resolve);
  });
  await rm(module, { recursive: true, force: true });
  if (code !== 0)
    throw new ChpError('ENGINE_UNAVAILABLE', 'go build failed', { why: last || `It ended with ${code}.` });
}
