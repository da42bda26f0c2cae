import type { HostStatus } from '../core/agent-protocol.ts';
import { ChpError } from '../core/errors.ts';
import type { GenerationRecord, JobRecord, MemberRecord, TenantRecord } from '../core/ports/registry.ts';
import type { Context } from './context.ts';
import { loadTenant } from './edit-tenant.ts';
import { openHost } from './host-link.ts';

export interface TenantView {
  record: Omit<TenantRecord, 'document'>;
  members: MemberRecord[];
  generations: Omit<GenerationRecord, 'signed'>[];
  lastJob: JobRecord | null;
  /** null with `offline`, or where the host could not be asked: `hostProblem` says why. */
  host: HostStatus | null;
  hostProblem: string | null;
}

/** One tenant, from the registry and (unless `offline`) from its host as it is now. */
export async function showTenant(context: Context, name: string, options: { offline: boolean }): Promise<TenantView> {
  const registry = await context.registry();
  const { record, tenant } = await loadTenant(context, name);
  const { document: _, ...shown } = record;
  const [members, generations, jobs] = await Promise.all([
    registry.members(name),
    registry.generations(name),
    registry.jobs(name),
  ]);
  const host = options.offline ? { status: null, problem: null } : await hostStatus(context, name, tenant);
  return {
    record: shown,
    members,
    generations: generations.map(({ signed: _signed, ...generation }) => generation),
    lastJob: jobs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0] ?? null,
    host: host.status,
    hostProblem: host.problem,
  };
}

async function hostStatus(
  context: Context,
  name: string,
  tenant: Parameters<typeof openHost>[1],
): Promise<{ status: HostStatus | null; problem: string | null }> {
  try {
    await using host = await openHost(context, tenant, 'look');
    const agent = host.agent();
    if (!agent) return { status: null, problem: 'chp is not installed on the host' };
    return { status: await agent.status(name), problem: host.lacks.join('; ') || null };
  } catch (error) {
    if (error instanceof ChpError) return { status: null, problem: error.message };
    throw error;
  }
}
