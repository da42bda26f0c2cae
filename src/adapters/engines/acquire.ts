import { mkdir, rename, rm } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { acquireFlock } from '../../core/flock.ts';
import type { ChpHome } from '../../core/home.ts';
import type { Progress } from '../../core/ports/progress.ts';
import { buildEngine } from './build.ts';
import { ENGINES, type Engine } from './catalogue.ts';
import { downloadEngine } from './download.ts';
import { findInCache, findOnPath } from './find.ts';

export interface FoundEngine {
  name: string;
  version: string;
  /** The binary. */
  path: string;
  source: 'path' | 'cache' | 'download' | 'build';
}

export interface AcquireOptions {
  home: ChpHome;
  env: NodeJS.ProcessEnv;
  progress: Progress;
  signal: AbortSignal;
}

const LOCK_WAIT_MS = 20 * 60_000;

/**
 * An engine, wherever it can be had: PATH → cache → official download → built from source by Go. Two processes that
 * need the same one fetch it once.
 * @throws ENGINE_UNAVAILABLE saying what was tried and why it failed
 */
export async function acquireEngine(name: string, options: AcquireOptions): Promise<FoundEngine> {
  const engine = engineNamed(name);
  const present = (await findOnPath(engine, options.env)) ?? (await findInCache(engine, options.home));
  if (present) return present;
  const dir = engineDir(engine, options.home);
  const holder = {
    actor: userInfo().username,
    host: hostname(),
    pid: process.pid,
    what: `engine install ${name}`,
    since: new Date().toISOString(),
  };
  await using _lock = await acquireFlock(`${dir}.lock`, holder, {
    waitMs: LOCK_WAIT_MS,
    onWait: () => options.progress.note(`waiting for another chp that installs ${name}`),
  });
  return (await findInCache(engine, options.home)) ?? (await install(engine, dir, options));
}

export function engineNamed(name: string): Engine {
  const engine = ENGINES.find((known) => known.name === name);
  if (engine) return engine;
  throw new ChpError('NOT_FOUND', `there is no engine "${name}"`, {
    next: [`Engines: ${ENGINES.map((known) => known.name).join(', ')}`],
  });
}

/** `bin/<name>` lies in it. */
export function engineDir(engine: Engine, home: ChpHome): string {
  return join(home.cache, 'engines', engine.name, engine.version);
}

async function install(engine: Engine, dir: string, options: AcquireOptions): Promise<FoundEngine> {
  const failures: string[] = [];
  const ways = [
    { source: 'download', title: `Download ${engine.name} ${engine.version}`, run: downloadEngine },
    { source: 'build', title: `Build ${engine.name} ${engine.version} from source`, run: buildEngine },
  ] as const;
  for (const { source, title, run } of ways) {
    const work = `${dir}.${source}`;
    await rm(work, { recursive: true, force: true });
    await mkdir(join(work, 'bin'), { recursive: true, mode: 0o700 });
    try {
      await options.progress.step(title, async (step) => {
        const why = await run(engine, work, { ...options, progress: step }).then(
          () => null,
          (error: Error) => error,
        );
        options.signal.throwIfAborted();
        if (!why) return;
        failures.push(`${title}: ${why instanceof ChpError && why.why ? `${why.message} (${why.why})` : why.message}`);
        step.says(`not possible here: ${why.message}`);
      });
      if (failures.some((failure) => failure.startsWith(title))) continue;
      await rm(dir, { recursive: true, force: true });
      await rename(work, dir);
      return { name: engine.name, version: engine.version, path: join(dir, 'bin', engine.name), source };
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  throw new ChpError('ENGINE_UNAVAILABLE', `${engine.name} ${engine.version} can't be had here`, {
    why: failures.join('; '),
    next: [
      `Install ${engine.name} ${engine.minimum} or later so that it is on PATH.`,
      'Or install Go 1.24 or later: chp then builds it.',
      'Or copy the folder cache/engines of $CHP_HOME from a machine that has it.',
    ],
    details: { failures },
  });
}
