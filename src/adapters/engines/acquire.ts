import { mkdir, open, rename, rm } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { acquireFlock } from '../../core/flock.ts';
import { buildEngine } from './build.ts';
import { ENGINES, type Engine } from './catalogue.ts';
import { downloadEngine } from './download.ts';
import { engineDir, findInCache, lookOnPath } from './find.ts';
import type { AcquireOptions, FoundEngine } from './options.ts';

/** Longer than any build. */
const LOCK_WAIT_MS = 90 * 60_000;

/**
 * An engine, wherever it can be had: PATH → cache → official download → built from source by Go. Two processes that
 * need the same one fetch it once.
 * @throws ENGINE_UNAVAILABLE saying what was tried and why it failed; NOT_FOUND for a name that chp doesn't know
 */
export async function acquireEngine(name: string, options: AcquireOptions): Promise<FoundEngine> {
  return acquire(engineNamed(name), options);
}

/** As `acquireEngine`, for an engine that need not be in the catalogue. */
export async function acquire(engine: Engine, options: AcquireOptions): Promise<FoundEngine> {
  const { found, refused } = options.target
    ? { found: null, refused: ['not looked for'] }
    : await lookOnPath(engine, options.env);
  const present = found ?? (await findInCache(engine, options.home, options.target));
  if (present) return present;
  const dir = engineDir(engine, options.home, options.target);
  const holder = {
    actor: userInfo().username,
    host: hostname(),
    pid: process.pid,
    what: `engine install ${engine.name}`,
    since: new Date().toISOString(),
  };
  await using _lock = await acquireFlock(`${dir}.lock`, holder, {
    waitMs: LOCK_WAIT_MS,
    onWait: () => options.progress.note(`Waiting for another chp that installs ${engine.name}.`),
    subject: `the installation of ${engine.name}`,
  });
  return (await findInCache(engine, options.home, options.target)) ?? (await install(engine, dir, refused, options));
}

function engineNamed(name: string): Engine {
  const engine = ENGINES.find((known) => known.name === name);
  if (engine) return engine;
  throw new ChpError('NOT_FOUND', `there is no engine "${name}"`, {
    next: [`Engines: ${ENGINES.map((known) => known.name).join(', ')}`],
  });
}

async function install(
  engine: Engine,
  dir: string,
  refused: readonly string[],
  options: AcquireOptions,
): Promise<FoundEngine> {
  const { name, version } = engine;
  const failures = [`Look on PATH: ${refused.join(', ') || 'not there'}`];
  const ways = [
    { source: 'download', title: `Download ${name} ${version}`, run: downloadEngine },
    { source: 'build', title: `Build ${name} ${version} from source`, run: buildEngine },
  ] as const;
  for (const { source, title, run } of ways) {
    const work = `${dir}.${source}`;
    const failure = await options.progress.step(title, async (step) => {
      try {
        await rm(work, { recursive: true, force: true });
        await mkdir(join(work, 'bin'), { recursive: true, mode: 0o700 });
        await run(engine, work, { ...options, progress: step });
        await putInPlace(work, dir, name);
        return null;
      } catch (error) {
        options.signal.throwIfAborted();
        step.says(`not possible here: ${(error as Error).message}`);
        return error as Error;
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    });
    if (!failure) return { name, version, path: join(dir, 'bin', name), source };
    failures.push(`${title}: ${inWords(failure)}`);
  }
  throw new ChpError('ENGINE_UNAVAILABLE', `${name} ${version} can't be had here`, {
    why: failures.join('; '),
    next: [
      `Install ${name} ${engine.minimum} or later so that it is on PATH.`,
      'Or install Go 1.24 or later: chp then builds it.',
      `Or copy the folder ${dir} from a machine that has it.`,
    ],
    details: { failures },
  });
}

/** On disk before it has its name: whoever finds it there uses it as it is. */
async function putInPlace(work: string, dir: string, name: string): Promise<void> {
  await using binary = await open(join(work, 'bin', name));
  await binary.sync();
  await rm(dir, { recursive: true, force: true });
  await rename(work, dir);
}

function inWords(error: Error): string {
  return error instanceof ChpError && error.why ? `${error.message} (${error.why})` : error.message;
}
