import { temporalTree, workerTree } from '../adapters/worker/trees.ts';
import { hasAutomation } from '../core/automation.ts';
import type { Platform } from '../core/generation.ts';
import type { TreeRef } from '../core/ports/runtime.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { Context } from './context.ts';

/** Programs of a tenant's worker. `temporal` is null where it uses a cluster. */
export interface AutomationTrees {
  worker: TreeRef;
  temporal: TreeRef | null;
}

/** From the cache, or built now; null for a tenant without packs. @throws ENGINE_UNAVAILABLE, INTERRUPTED */
export async function automationTrees(
  { progress, signal, home, env }: Context,
  tenant: Tenant,
  platform: Platform,
): Promise<AutomationTrees | null> {
  if (!hasAutomation(tenant)) return null;
  return progress.step(`Worker for ${platform}`, async (step) => {
    const request = { home, env, progress: step, signal };
    const worker = await workerTree(platform, request);
    const temporal = tenant.automation.address === null ? await temporalTree(platform, request) : null;
    step.says(worker.digest.slice(0, 12));
    return { worker, temporal };
  });
}
