import type { AgentClient } from '../../adapters/agent/client.ts';
import type { PruneResult } from '../../core/host-generations.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';
import { installedAgent } from '../installed-agent.ts';
import { openForLook } from '../known-host.ts';
import { withTenantJob } from '../tenant-job.ts';
import { findGeneration, knownGenerations } from './find-generation.ts';

export interface Pinned {
  tenant: string;
  number: number | null;
  digest: string;
  pinned: boolean;
}

/**
 * Pins a generation, or no longer: on its host, where retention then leaves it alone, and in the registry.
 * @throws NOT_FOUND when there is none, or when one that is not on the host is to be pinned
 */
export async function pinGeneration(context: Context, name: string, wanted: string, pinned: boolean): Promise<Pinned> {
  const { tenant } = await loadTenant(context, name);
  return withTenantJob(context, name, 'generation', { [pinned ? 'pin' : 'unpin']: wanted }, async (job) =>
    withAgent(context, tenant, async (agent) => {
      const registry = await context.registry();
      const known = knownGenerations(await registry.generations(name), await agent.generations(name));
      const { digest, record } = findGeneration(name, known, wanted);
      await job.step('pin', () => agent.pin(name, digest, pinned));
      if (record) await job.step('record', () => registry.pinGeneration(name, digest, pinned ? context.actor : null));
      return { tenant: name, number: record?.number ?? null, digest, pinned };
    }),
  );
}

export interface Pruned extends PruneResult {
  tenant: string;
  keep: number;
  dryRun: boolean;
}

/** Removes from the host what the tenant's retention does not keep. Never what runs, the last proven one or a pinned one. */
export async function pruneTenantGenerations(context: Context, name: string, dryRun: boolean): Promise<Pruned> {
  const { tenant } = await loadTenant(context, name);
  const keep = tenant.retention.generations;
  const prune = (agent: AgentClient) => agent.prune(name, keep, dryRun);
  const result = dryRun
    ? await withAgent(context, tenant, prune)
    : await withTenantJob(context, name, 'generation', { prune: keep }, (job) =>
        withAgent(context, tenant, (agent) => job.step('prune', () => prune(agent))),
      );
  return { tenant: name, keep, dryRun, ...result };
}

async function withAgent<T>(context: Context, tenant: Tenant, work: (agent: AgentClient) => Promise<T>): Promise<T> {
  await using link = await openForLook(context, tenant);
  return await work(installedAgent(link, tenant));
}
