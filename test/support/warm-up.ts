import { acquireEngine } from '../../src/adapters/engines/acquire.ts';
import { chpHome } from '../../src/core/home.ts';
import { recordedProgress } from './progress.ts';
import { TEST_CACHE, testBundle } from './runtime-bundle.ts';

/** Fetches or builds once, before any test's clock runs, what takes minutes on a new machine. */
export async function setup(): Promise<void> {
  const home = chpHome({ CHP_HOME: TEST_CACHE, CHP_CACHE: TEST_CACHE });
  const { signal } = new AbortController();
  for (const engine of ['pulumi', 'temporal'])
    await acquireEngine(engine, { home, env: process.env, progress: recordedProgress(), signal });
  await testBundle();
}
