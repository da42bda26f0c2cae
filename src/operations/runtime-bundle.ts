import { buildBundle } from '../adapters/runtimes/bundle.ts';
import { runtimeAdapter } from '../adapters/runtimes/index.ts';
import type { Platform } from '../core/generation.ts';
import type { RuntimeBundle } from '../core/ports/runtime.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { Context } from './context.ts';

/** The tenant's runtime for its host's platform: from the cache, or built now. */
export function runtimeBundle(
  context: Context,
  tenant: Pick<Tenant, 'runtime'>,
  platform: Platform,
): Promise<RuntimeBundle> {
  const { name, version } = tenant.runtime;
  return context.progress.step(`Runtime ${name}@${version} for ${platform}`, async (step) => {
    const bundle = await buildBundle({
      runtime: runtimeAdapter(tenant.runtime),
      platform,
      home: context.home,
      progress: step,
      signal: context.signal,
    });
    step.says(`bundle ${bundle.digest.slice(0, 12)}`);
    return bundle;
  });
}
