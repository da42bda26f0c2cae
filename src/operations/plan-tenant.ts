import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { digestOf } from '../core/digest.ts';
import type { SignedGeneration } from '../core/generation.ts';
import { compareGenerations, type TenantPlan } from '../core/plan.ts';
import type { NewDocument } from './apply-tenant.ts';
import { automationTrees } from './automation-trees.ts';
import type { Context } from './context.ts';
import { loadTenant } from './edit-tenant.ts';
import { openHost } from './host-link.ts';
import { resolvePacks } from './packs/lock-packs.ts';
import { previewProvision } from './provision.ts';
import { desiredGeneration } from './push-tenant.ts';
import { runtimeBundle } from './runtime-bundle.ts';

/** What `apply` would do, and what was changed on the host by hand. Changes nothing. */
export async function planTenant(context: Context, name: string, document?: NewDocument): Promise<TenantPlan> {
  const registry = await context.registry();
  const { record, tenant: recorded } = await loadTenant(context, name);
  const tenant = document ? parseTenant(document.text, document.file).tenant : recorded;
  await using host = await context.progress.step(`Connect to ${tenant.host}`, () => openHost(context, tenant));
  const bundle = await runtimeBundle(context, tenant, host.platform);
  const infrastructure = await previewProvision(context, tenant, host, bundle);
  const agent = record.recipient ? host.agent() : null;
  const status = agent ? await agent.status(name) : null;
  const trees = await automationTrees(context, tenant, host.platform);
  const packs = await resolvePacks(context, tenant, { refresh: [] });
  const desired = await desiredGeneration(context, tenant, host.root, bundle, trees && { trees, packs });
  const running = status?.current ? await registry.generation(name, status.current) : null;
  const generation = compareGenerations(
    running ? (JSON.parse(running.signed) as SignedGeneration).manifest : null,
    desired.manifest,
    { from: status?.current ?? null, to: digestOf(desired.manifest) },
  );
  const drift = {
    config: status?.drift.config ?? [],
    files: status?.drift.files ?? [],
    services: status?.services.filter((service) => !service.active).map((service) => service.name) ?? [],
  };
  const operatorDrift = drift.config.some((change) => change.owner === 'operator');
  return {
    tenant: name,
    empty:
      infrastructure.length === 0 &&
      generation === null &&
      !operatorDrift &&
      drift.files.length === 0 &&
      drift.services.length === 0,
    infrastructure,
    generation,
    drift,
  };
}
