import type { ApplyResult } from '../core/agent-protocol.ts';
import type { TenantRecord } from '../core/ports/registry.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import { checkTenant } from './check-tenant.ts';
import type { Context } from './context.ts';
import { openHost } from './host-link.ts';
import { rememberHost } from './known-host.ts';
import { type LockOptions, lockPacks } from './packs/lock-packs.ts';
import { provision } from './provision.ts';
import type { PushCare } from './push-generation.ts';
import { pushOver } from './push-tenant.ts';
import { runtimeBundle } from './runtime-bundle.ts';
import { signingKeys } from './signing-key.ts';
import { storeSecret } from './store-secret.ts';
import type { TenantJob } from './tenant-job.ts';

export interface Converged {
  tenant: string;
  host: string;
  platform: string;
  manager: string;
  applied: ApplyResult;
}

/** Secrets that the operator gave along with `create`: name → value. Encrypted as soon as the recipient exists. */
export type GivenSecrets = ReadonlyMap<string, string>;

export interface ConvergeOptions extends PushCare {
  given?: GivenSecrets;
  /** tenant.yaml as it will be saved when all went well; the recorded one otherwise. */
  document?: string;
  /** Packs whose newest version in range is taken. */
  refresh?: LockOptions['refresh'];
}

/**
 * Makes the host what the document says: base and identity through Pulumi, then the generation through the host
 * agent. The same for create and apply; every step may be run again.
 */
export async function convergeTenant(
  context: Context,
  job: TenantJob,
  tenant: Tenant,
  { given = new Map(), refresh = [], document, ...how }: ConvergeOptions = {},
): Promise<Converged> {
  const registry = await context.registry();
  await using host = await job.step('facts', () =>
    context.progress.step(`Connect to ${tenant.host}`, () => openHost(context, tenant)),
  );
  const bundle = await job.step('bundle', () => runtimeBundle(context, tenant, host.platform));
  const identity = await job.step('provision', () => provision(context, tenant, host, bundle));
  await job.step('record-identity', async () => {
    await registry.updateTenant(tenant.name, {
      recipient: identity.ageRecipient,
      signingPublicKey: identity.signingPublicKey,
    });
    signingKeys.write(context.home, tenant.name, identity.signingPrivateKey);
    for (const [name, value] of given) await storeSecret(registry, tenant.name, identity.ageRecipient, name, value);
  });
  await job.step('packs', () => lockPacks(context, tenant, { refresh }));
  const recorded = await registry.tenant(tenant.name);
  const record: TenantRecord = document === undefined ? recorded : { ...recorded, document };
  const applied = await job.step('activate', () => pushOver(context, record, tenant, host, bundle, how));
  // A push that restarted nothing did not drive the gateway: prove that it answers.
  if (!applied.checks.some(({ id, verdict }) => id === 'agent.turn' && verdict === 'pass'))
    applied.checks = await job.step('check', () => checkTenant(context, tenant.name, host));
  await job.step('ready', async () => {
    rememberHost(context, tenant, host, bundle.node.digest);
    await registry.updateTenant(tenant.name, { phase: 'ready' });
  });
  return { tenant: tenant.name, host: host.transport.target, platform: host.platform, manager: host.manager, applied };
}
