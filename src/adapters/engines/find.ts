import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import semver from 'semver';
import type { ChpHome } from '../../core/home.ts';
import type { Engine, EngineTarget } from './catalogue.ts';
import type { FoundEngine } from './options.ts';

const VERSION_MS = 10_000;

/** `bin/<name>` lies in it. */
export function engineDir(engine: Engine, home: ChpHome, target: EngineTarget = process): string {
  const { platform, arch } = target;
  const native = platform === process.platform && arch === process.arch;
  return join(home.cache, 'engines', engine.name, native ? engine.version : `${engine.version}-${platform}-${arch}`);
}

/** The first one on PATH that will do, or null. */
export async function findOnPath(engine: Engine, env: NodeJS.ProcessEnv): Promise<FoundEngine | null> {
  return (await lookOnPath(engine, env)).found;
}

/** The first one on PATH that will do, and why those before it won't. */
export async function lookOnPath(
  engine: Engine,
  env: NodeJS.ProcessEnv,
): Promise<{ found: FoundEngine | null; refused: string[] }> {
  const refused: string[] = [];
  for (const dir of new Set((env.PATH ?? '').split(delimiter).filter((entry) => isAbsolute(entry)))) {
    const path = join(dir, engine.name);
    if (!(await isExecutable(path))) continue;
    const version = await versionOf(path, engine, env);
    if (version && semver.satisfies(version, `^${engine.minimum}`))
      return { found: { name: engine.name, version, path, source: 'path' }, refused };
    refused.push(
      version
        ? `${path} is ${version}; wanted: ${engine.minimum} or later, below ${semver.inc(engine.minimum, 'major')}`
        : `${path} does not tell its version`,
    );
  }
  return { found: null, refused };
}

export async function findInCache(engine: Engine, home: ChpHome, target?: EngineTarget): Promise<FoundEngine | null> {
  const path = join(engineDir(engine, home, target), 'bin', engine.name);
  return (await isExecutable(path)) ? { name: engine.name, version: engine.version, path, source: 'cache' } : null;
}

async function versionOf(path: string, engine: Engine, env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(path, [...engine.versionArgs], {
      timeout: VERSION_MS,
      killSignal: 'SIGKILL',
      env: { ...env, PULUMI_SKIP_UPDATE_CHECK: 'true' },
    });
    return semver.coerce(stdout)?.version ?? null;
  } catch {
    return null;
  }
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
