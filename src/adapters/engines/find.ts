import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import semver from 'semver';
import type { ChpHome } from '../../core/home.ts';
import { engineDir, type FoundEngine } from './acquire.ts';
import type { Engine } from './catalogue.ts';

/** The first one on PATH that is new enough. */
export async function findOnPath(engine: Engine, env: NodeJS.ProcessEnv): Promise<FoundEngine | null> {
  for (const dir of (env.PATH ?? '').split(delimiter)) {
    if (!isAbsolute(dir)) continue;
    const path = join(dir, engine.name);
    const version = await versionOf(path, engine);
    if (version && semver.gte(version, engine.minimum)) return { name: engine.name, version, path, source: 'path' };
  }
  return null;
}

export async function findInCache(engine: Engine, home: ChpHome): Promise<FoundEngine | null> {
  const path = join(engineDir(engine, home), 'bin', engine.name);
  return (await isExecutable(path)) ? { name: engine.name, version: engine.version, path, source: 'cache' } : null;
}

async function versionOf(path: string, engine: Engine): Promise<string | null> {
  if (!(await isExecutable(path))) return null;
  try {
    const { stdout } = await promisify(execFile)(path, [...engine.versionArgs], {
      timeout: 10_000,
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: 'true' },
    });
    return semver.coerce(stdout)?.version ?? null;
  } catch {
    return null;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
