import { ChpError } from '../../core/errors.ts';
import type { SignedGeneration } from '../../core/generation.ts';
import type { HostGeneration, HostGenerations } from '../../core/host-generations.ts';
import type { GenerationRecord } from '../../core/ports/registry.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import type { Context } from '../context.ts';
import { loadTenant } from '../edit-tenant.ts';
import { openForLook } from '../known-host.ts';
import { findGeneration, type KnownGeneration, knownGenerations } from './find-generation.ts';

/** A generation for people and scripts. */
export interface GenerationView {
  /** null = the registry does not know it. */
  number: number | null;
  digest: string;
  /** `clawdbot@…` */
  runtime: string | null;
  createdAt: string | null;
  /** How its last activation ended, as the registry saw it. */
  outcome: GenerationRecord['outcome'] | null;
  reason: string | null;
  pinnedBy: string | null;
  /** null = it is not on the host, or the host was not asked. */
  host: HostGeneration | null;
}

export interface GenerationList {
  tenant: string;
  /** How many are kept on the host, as its document says. */
  keep: number;
  /** Newest first. */
  generations: GenerationView[];
  /** Why the host could not be asked; null = it was. */
  hostProblem: string | null;
}

/** A tenant's generations, of the registry and (unless `offline`) of its host. */
export async function listGenerations(
  context: Context,
  name: string,
  options: { offline: boolean },
): Promise<GenerationList> {
  const { tenant } = await loadTenant(context, name);
  const records = await (await context.registry()).generations(name);
  const { host, problem } = options.offline
    ? { host: null, problem: null }
    : await hostGenerations(context, name, tenant);
  const generations = knownGenerations(records, host).map(viewOf);
  generations.sort((a, b) => (b.number ?? 0) - (a.number ?? 0));
  return { tenant: name, keep: tenant.retention.generations, generations, hostProblem: problem };
}

/** One generation, by number or the beginning of its digest, with what it was made of. */
export interface GenerationDetails {
  tenant: string;
  generation: GenerationView;
  /** null = only the host knows it. */
  made: {
    services: string[];
    skills: string[];
    packs: string[];
    channels: string[];
    /** Names only. */
    secrets: string[];
  } | null;
  hostProblem: string | null;
}

/** @throws NOT_FOUND */
export async function showGeneration(
  context: Context,
  name: string,
  wanted: string,
  options: { offline: boolean },
): Promise<GenerationDetails> {
  const { tenant } = await loadTenant(context, name);
  const records = await (await context.registry()).generations(name);
  const { host, problem } = options.offline
    ? { host: null, problem: null }
    : await hostGenerations(context, name, tenant);
  const found = findGeneration(name, knownGenerations(records, host), wanted);
  return {
    tenant: name,
    generation: viewOf(found),
    made: found.record && madeOf((JSON.parse(found.record.signed) as SignedGeneration).manifest),
    hostProblem: problem,
  };
}

async function hostGenerations(
  context: Context,
  name: string,
  tenant: Tenant,
): Promise<{ host: HostGenerations | null; problem: string | null }> {
  try {
    await using link = await openForLook(context, tenant);
    const agent = link.agent();
    return agent
      ? { host: await agent.generations(name), problem: null }
      : { host: null, problem: 'chp is not installed on the host' };
  } catch (error) {
    if (error instanceof ChpError) return { host: null, problem: error.message };
    throw error;
  }
}

function viewOf({ digest, record, host }: KnownGeneration): GenerationView {
  const runtime = record && (JSON.parse(record.signed) as SignedGeneration).manifest.runtime;
  return {
    number: record?.number ?? null,
    digest,
    runtime: runtime ? `${runtime.name}@${runtime.version}` : (host?.runtime ?? null),
    createdAt: record?.createdAt ?? host?.stagedAt ?? null,
    outcome: record?.outcome ?? null,
    reason: record?.reason ?? null,
    pinnedBy: record?.pinnedBy ?? null,
    host,
  };
}

function madeOf({ files, services, checks }: SignedGeneration['manifest']): NonNullable<GenerationDetails['made']> {
  return {
    services: services.map((service) => service.name),
    skills: [...checks.skills],
    packs: (checks.worker?.packs ?? []).map(({ id, version }) => `${id}@${version}`),
    channels: checks.channels.map(({ id, muted }) => (muted ? `${id} (muted)` : id)),
    secrets: files.flatMap(({ path }) => /^secrets\/(.+)\.age$/.exec(path)?.[1] ?? []),
  };
}
