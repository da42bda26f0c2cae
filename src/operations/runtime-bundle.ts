import { buildBundle } from '../adapters/runtimes/bundle.ts';
import { importedBundle } from '../adapters/runtimes/imported-bundle.ts';
import { runtimeAdapter, unknownRuntime } from '../adapters/runtimes/index.ts';
import type { Platform } from '../core/generation.ts';
import type { RuntimeBundle } from '../core/ports/runtime.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { Context } from './context.ts';

/**
 * The tenant's runtime for its host's platform: from the cache, or built now. A version other than the one that comes
 * with this chp must have been imported.
 * @throws BAD_INPUT when it was not; all of `buildBundle`
 */
export function runtimeBundle(
  context: Context,
  { runtime }: Pick<Tenant, 'runtime'>,
  platform: Platform,
): Promise<RuntimeBundle> {
  const { name, version } = runtime;
  return context.progress.step(`Runtime ${name}@${version} for ${platform}`, async (step) => {
    const { home, signal } = context;
    const adapter = runtimeAdapter(runtime);
    const bundle =
      adapter.version === version
        ? await buildBundle({ runtime: adapter, platform, home, progress: step, signal })
        : await importedBundle(home, { name, version, platform });
    if (!bundle) throw unknownRuntime(runtime);
    step.says(`bundle ${bundle.digest.slice(0, 12)}`);
    return bundle;
  });
}

/** Before anything is made for a runtime that can't be had. @throws BAD_INPUT */
export async function assertRuntime(context: Context, { runtime }: Pick<Tenant, 'runtime'>): Promise<void> {
  if (runtimeAdapter(runtime).version === runtime.version) return;
  if (!(await importedBundle(context.home, runtime))) throw unknownRuntime(runtime);
}
