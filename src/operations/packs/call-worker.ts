import { hasAutomation } from '../../core/automation.ts';
import { ChpError } from '../../core/errors.ts';
import type { WorkerMethod } from '../../core/worker-protocol.ts';
import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';
import { openHost } from '../host-link.ts';
import { installedAgent } from '../installed-agent.ts';

/** One request to a tenant's worker, through the agent on its host. @throws NOT_FOUND without packs, or what the worker says */
export async function callWorker(
  context: Context,
  name: string,
  method: WorkerMethod,
  params: Record<string, unknown>,
): Promise<unknown> {
  const { tenant } = await loadTenant(context, name);
  if (!hasAutomation(tenant))
    throw new ChpError('NOT_FOUND', `${name} has no packs, and so no worker`, {
      next: ['chp pack search', `chp pack install ${name} morning-brief`],
    });
  await using host = await openHost(context, tenant);
  return await installedAgent(host, tenant).worker(name, method, params);
}
