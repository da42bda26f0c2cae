import { hostProgram } from '../adapters/agent/bundle.ts';
import { acquireEngine } from '../adapters/engines/acquire.ts';
import { BASE_IMAGE, needsRoot } from '../core/host-layout.ts';
import type { InfrastructureChange } from '../core/plan.ts';
import type { RuntimeBundle } from '../core/ports/runtime.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { HubArgs } from '../stacks/args/hub.ts';
import type { IdentityOutputs } from '../stacks/provider/identity.ts';
import type { StackOptions } from '../stacks/run/workspace.ts';
import type { Context } from './context.ts';
import type { HostLink } from './host-link.ts';

// Loaded on first use: Pulumi takes longer to load than most commands to run.
const stacks = () => import('../stacks/run/hub.ts');

/** Identity and host base, through Pulumi. @returns the identity, secrets included */
export function provision(
  context: Context,
  tenant: Tenant,
  host: HostLink,
  bundle: RuntimeBundle,
): Promise<IdentityOutputs> {
  return context.progress.step(`Identity and base of ${tenant.host}`, async (step) => {
    const { upHub } = await stacks();
    const changes: string[] = [];
    const identity = await upHub(await hubArgs(context, tenant, host, bundle), await stackOptions(context), (line) => {
      changes.push(line);
      step.says(line);
    });
    if (changes.length === 0) step.says('nothing to change');
    return identity;
  });
}

export function previewProvision(
  context: Context,
  tenant: Tenant,
  host: HostLink,
  bundle: RuntimeBundle,
): Promise<InfrastructureChange[]> {
  return context.progress.step(`Preview identity and base of ${tenant.host}`, async () => {
    const { previewHub } = await stacks();
    return previewHub(await hubArgs(context, tenant, host, bundle), await stackOptions(context));
  });
}

/** The identity as the state has it. null = not provisioned. */
export async function readIdentity(context: Context, tenant: Pick<Tenant, 'name'>): Promise<IdentityOutputs | null> {
  const { readHub } = await stacks();
  return readHub(tenant.name, await stackOptions(context));
}

export function deprovision(context: Context, tenant: Pick<Tenant, 'name' | 'host'>): Promise<void> {
  return context.progress.step(`Remove identity and base from ${tenant.host}`, async () => {
    const { destroyHub } = await stacks();
    await destroyHub(tenant.name, await stackOptions(context));
  });
}

export async function forgetProvision(context: Context, tenant: Pick<Tenant, 'name'>): Promise<void> {
  const { forgetHub } = await stacks();
  await forgetHub(tenant.name, await stackOptions(context));
}

async function stackOptions(context: Context): Promise<StackOptions> {
  const { home, env, progress, signal } = context;
  const engine = await acquireEngine('pulumi', { home, env, progress, signal });
  return { home, env, signal, engine, note: (text) => progress.note(text) };
}

async function hubArgs(context: Context, tenant: Tenant, host: HostLink, bundle: RuntimeBundle): Promise<HubArgs> {
  const agent = await hostProgram('agent', context.home);
  const { firewall, allowPorts, fail2ban, unattendedUpgrades } = tenant.hardening;
  const hardens = needsRoot(host.manager) && host.facts.systemd !== null && tenant.host !== 'local';
  return {
    tenant: tenant.name,
    host: tenant.host,
    root: host.root,
    manager: host.manager,
    nodeDigest: bundle.node.digest,
    nodeArchive: bundle.node.archive,
    agentDigest: agent.digest,
    agentPath: agent.path,
    firewallPorts: hardens && firewall && host.facts.tools.includes('nft') ? [host.sshPort, ...allowPorts] : null,
    baseImage: tenant.services.image === BASE_IMAGE,
    configWritable: tenant.ownership.family.length + tenant.ownership.agent.length > 0,
    packages: hardens
      ? [
          ...(fail2ban ? ['fail2ban'] : []),
          ...(unattendedUpgrades ? ['unattended-upgrades'] : []),
          ...(tenant.backups.install ? ['restic'] : []),
        ]
      : [],
  };
}
