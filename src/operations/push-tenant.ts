import { randomBytes } from 'node:crypto';
import { hostProgram } from '../adapters/agent/bundle.ts';
import type { AgentClient, BlobSource } from '../adapters/agent/client.ts';
import { usesDemo } from '../adapters/runtimes/demo-model.ts';
import { runtimeAdapter } from '../adapters/runtimes/index.ts';
import { encryptTo } from '../adapters/secrets/age.ts';
import type { ApplyResult } from '../core/agent-protocol.ts';
import { hasAutomation } from '../core/automation.ts';
import { ChpError } from '../core/errors.ts';
import type { SignedGeneration } from '../core/generation.ts';
import type { PackRecord, Registry, TenantRecord } from '../core/ports/registry.ts';
import type { RuntimeBundle, TreeRef } from '../core/ports/runtime.ts';
import { GATEWAY_TOKEN, PAYLOAD_KEY } from '../core/secret-names.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { IdentityOutputs } from '../stacks/provider/identity.ts';
import { type AutomationTrees, automationTrees } from './automation-trees.ts';
import { type BuiltGeneration, buildGeneration } from './build-generation.ts';
import type { Context } from './context.ts';
import { sourceOf } from './generation-source.ts';
import type { AheadLink, PushLink } from './known-host.ts';
import { assertSecretsSet } from './needed-secrets.ts';
import { readIdentity } from './provision.ts';
import { blobsOf, type PushCare, pushGeneration, signOnce } from './push-generation.ts';
import { runtimeBundle } from './runtime-bundle.ts';
import { signingKeys } from './signing-key.ts';
import { storeSecret } from './store-secret.ts';

/** The generation that a tenant's document, secrets and skills amount to. @throws BAD_INPUT naming every secret that is missing. */
export async function desiredGeneration(
  context: Context,
  tenant: Tenant,
  root: string,
  bundle: RuntimeBundle,
  automation: { trees: AutomationTrees; packs: readonly PackRecord[] } | null,
): Promise<BuiltGeneration> {
  const registry = await context.registry();
  const runtime = runtimeAdapter(tenant.runtime);
  const [secrets, skills] = await Promise.all([registry.secrets(tenant.name), registry.skills(tenant.name)]);
  assertSecretsSet(tenant, secrets);
  return buildGeneration({
    tenant,
    root,
    runtime,
    bundle,
    secrets,
    skills: skills.filter((skill) => tenant.skills.some(({ name }) => name === skill.name)),
    automation: automation && {
      packs: automation.packs,
      worker: automation.trees.worker.digest,
      temporal: automation.trees.temporal?.digest ?? null,
    },
    demoModel: usesDemo(tenant) ? (await hostProgram('demo-model', context.home)).bytes : null,
  });
}

/** Pushes what the registry says to the tenant's host, which must have been provisioned. */
export async function pushTenant(
  context: Context,
  record: TenantRecord,
  tenant: Tenant,
  ahead: AheadLink,
): Promise<ApplyResult> {
  // Before a runtime is built, which may take minutes.
  assertSecretsSet(tenant, await (await context.registry()).secrets(tenant.name));
  const host = await ahead.for(tenant);
  const bundle = await runtimeBundle(context, tenant, host.platform);
  return await pushOver(context, record, tenant, host, bundle);
}

/** As `pushTenant`, over a link that is open already. */
export async function pushOver(
  context: Context,
  record: TenantRecord,
  tenant: Tenant,
  host: PushLink,
  bundle: RuntimeBundle,
  how: PushCare = {},
): Promise<ApplyResult> {
  const registry = await context.registry();
  const packs = await registry.packs(tenant.name);
  const { agent, signed, blobs, source } = await signedGeneration(context, record, tenant, host, bundle, packs);
  const { generations: keep } = tenant.retention;
  const result = await context.progress.step(`Activate generation ${signed.digest.slice(0, 12)}`, (step) =>
    pushGeneration(agent, registry, signed, blobs, step, context.signal, { keep, ...how }),
  );
  // The same generation may come of another document: one with other comments, or another firewall.
  if ((await registry.generationSource(tenant.name, signed.digest)) !== source)
    await registry.setGenerationSource(tenant.name, signed.digest, source);
  return result;
}

/** What is to run, signed, with all that the host may lack of it and the agent that is to get it. */
export async function signedGeneration(
  context: Context,
  record: TenantRecord,
  tenant: Tenant,
  host: PushLink,
  bundle: RuntimeBundle,
  packs: readonly PackRecord[],
): Promise<{ agent: AgentClient; signed: SignedGeneration; blobs: BlobSource; source: string }> {
  const registry = await context.registry();
  const agent = host.agent(bundle.node.digest) as AgentClient;
  await ensureGatewayToken(context, registry, record);
  if (hasAutomation(tenant)) await ensurePayloadKey(registry, await registry.tenant(record.name));
  const trees = await automationTrees(context, tenant, host.platform);
  const built = await desiredGeneration(context, tenant, host.root, bundle, trees && { trees, packs });
  await agent.start();
  const source = await sourceOf(registry, record);
  const signed = await signOnce(registry, built, source, async () => {
    const kept = signingKeys.read(context.home, tenant.name);
    if (kept) return kept;
    const { signingPrivateKey } = await identityOf(context, tenant.name);
    signingKeys.write(context.home, tenant.name, signingPrivateKey);
    return signingPrivateKey;
  });
  const blobs = blobsOf(built, [bundle.node, bundle.app, ...treesOf(trees)]);
  return { agent, signed, blobs, source };
}

export const treesOf = (trees: AutomationTrees | null): TreeRef[] =>
  trees ? [trees.worker, ...(trees.temporal ? [trees.temporal] : [])] : [];

/** The gateway's token is made with the tenant's identity; the registry keeps it for the host's eyes only. */
async function ensureGatewayToken(context: Context, registry: Registry, record: TenantRecord): Promise<void> {
  if (!record.recipient)
    throw new ChpError('CONFLICT', `${record.name} has no identity yet`, { next: [`chp tenant apply ${record.name}`] });
  const known = (await registry.secrets(record.name)).find((secret) => secret.name === GATEWAY_TOKEN);
  if (known?.recipient === record.recipient) return;
  const { gatewayToken } = await identityOf(context, record.name);
  await registry.setSecret({
    tenant: record.name,
    name: GATEWAY_TOKEN,
    ciphertext: await encryptTo(record.recipient, gatewayToken),
    recipient: record.recipient,
  });
}

/** Made once: with another one the histories of runs could no longer be read. */
async function ensurePayloadKey(registry: Registry, { name, recipient }: TenantRecord): Promise<void> {
  if (!recipient || (await registry.secrets(name)).some((secret) => secret.name === PAYLOAD_KEY)) return;
  await storeSecret(registry, name, recipient, PAYLOAD_KEY, randomBytes(32).toString('base64'));
}

async function identityOf(context: Context, tenant: string): Promise<IdentityOutputs> {
  const identity = await readIdentity(context, { name: tenant });
  if (identity) return identity;
  throw new ChpError('CONFLICT', `${tenant} has no identity in the Pulumi state`, {
    next: [`chp tenant apply ${tenant}`],
  });
}
