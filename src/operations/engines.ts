import { acquireEngine } from '../adapters/engines/acquire.ts';
import { ENGINES } from '../adapters/engines/catalogue.ts';
import { findInCache, findOnPath } from '../adapters/engines/find.ts';
import type { FoundEngine } from '../adapters/engines/options.ts';
import type { Context } from './context.ts';

export interface EngineView {
  name: string;
  minimum: string;
  found: FoundEngine | null;
}

export function listEngines({ env, home }: Context): Promise<EngineView[]> {
  return Promise.all(
    ENGINES.map(async (engine) => ({
      name: engine.name,
      minimum: engine.minimum,
      found: (await findOnPath(engine, env)) ?? (await findInCache(engine, home)),
    })),
  );
}

/** @throws ENGINE_UNAVAILABLE, NOT_FOUND */
export function installEngine({ env, home, progress, signal }: Context, name: string): Promise<FoundEngine> {
  return acquireEngine(name, { env, home, progress, signal });
}
