import { parseTenant } from '../../adapters/documents/tenant-document.ts';
import { runtimeAdapter } from '../../adapters/runtimes/index.ts';
import { configDrift } from '../../core/config-drift.ts';
import { ChpError } from '../../core/errors.ts';
import type { SignedGeneration } from '../../core/generation.ts';
import { diffGenerations, type GenerationDiff } from '../../core/generation-diff.ts';
import { SYSTEM_ROOT, tenantLayout } from '../../core/host-layout.ts';
import type { GenerationRecord, Registry } from '../../core/ports/registry.ts';
import type { Context } from '../context.ts';
import { readSource } from '../generation-source.ts';
import { findGeneration, knownGenerations } from './find-generation.ts';

export interface ShownDiff extends GenerationDiff {
  tenant: string;
  numbers: { from: number; to: number };
}

/**
 * What separates two generations of a tenant, from the registry alone. `to` null = the one that runs.
 * @throws NOT_FOUND
 */
export async function diffTenantGenerations(
  context: Context,
  name: string,
  from: string,
  to: string | null,
): Promise<ShownDiff> {
  const registry = await context.registry();
  const { generation: current } = await registry.tenant(name);
  if (to === null && current === null)
    throw new ChpError('NOT_FOUND', `${name} runs nothing yet`, { next: [`chp tenant apply ${name}`] });
  const known = knownGenerations(await registry.generations(name), null);
  const find = (wanted: string): GenerationRecord => findGeneration(name, known, wanted).record as GenerationRecord;
  const [a, b] = [find(from), find(to ?? (current as string))];
  const manifestOf = ({ signed }: GenerationRecord) => (JSON.parse(signed) as SignedGeneration).manifest;
  const [old, now] = await Promise.all([a, b].map((record) => configOf(registry, record)));
  return {
    tenant: name,
    numbers: { from: a.number, to: b.number },
    ...diffGenerations(manifestOf(a), manifestOf(b), { from: a.digest, to: b.digest }),
    config: old && now ? configDrift(old, now, { family: [], agent: [] }).map(({ path }) => path) : null,
  };
}

/** The config as it was rendered for the gateway, wherever the host's folders are; null = its source is not known. */
async function configOf(registry: Registry, { tenant, digest }: GenerationRecord): Promise<object | null> {
  const source = await registry.generationSource(tenant, digest);
  if (source === null) return null;
  const made = parseTenant(readSource(source).document, `${tenant}/tenant.yaml`).tenant;
  return runtimeAdapter(made.runtime).renderConfig(made, tenantLayout(SYSTEM_ROOT, tenant));
}
