import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AgentClient } from '../adapters/agent/client.ts';
import { openTransport } from '../adapters/transports.ts';
import type { ServiceManager } from '../core/agent-protocol.ts';
import type { Platform } from '../core/generation.ts';
import { needsRoot } from '../core/host-layout.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { Context } from './context.ts';
import { type HostLink, openHost } from './host-link.ts';

/** What a push has to know of a host. It does not change between two applies, so it need not be asked each time. */
interface KnownHost {
  host: string;
  root: string;
  manager: ServiceManager;
  platform: Platform;
  nodeTree: string;
}

/** The part of a link that a push uses. */
export type PushLink = Pick<HostLink, 'root' | 'manager' | 'platform' | 'agent'> & AsyncDisposable;

/** The part of a link that looking uses. */
type LookLink = Pick<HostLink, 'transport' | 'root' | 'manager' | 'agent'> & AsyncDisposable;

/** Called when a host has converged. */
export function rememberHost(
  context: Context,
  tenant: Tenant,
  { root, manager, platform }: HostLink,
  nodeTree: string,
): void {
  const known: KnownHost = { host: tenant.host, root, manager, platform, nodeTree };
  const file = hostFile(context, tenant.name, 'json');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}.new`, JSON.stringify(known), { mode: 0o600 });
  renameSync(`${file}.${process.pid}.new`, file);
}

export function forgetHost(context: Context, tenant: string): void {
  for (const kind of ['json', 'ssh_config'] as const) rmSync(hostFile(context, tenant, kind), { force: true });
}

/** A link that is being made while other work is done. */
export interface AheadLink extends AsyncDisposable {
  /** The link, when it fits the tenant; else another, made now. Closed with this one. @throws HOST_* errors */
  for(tenant: Tenant): Promise<PushLink>;
}

/**
 * Begins to connect to a tenant's host for a push that is likely to come. A known host is told from what was remembered:
 * the agent is started and waits for its request, while here is found out what to ask for. Of any other host the facts
 * are read first, when the link is asked for.
 */
export function openAhead(context: Context, name: string): AheadLink {
  const known = readKnown(context, name);
  const stop = new AbortController();
  const begun = known && openKnown(context, known, AbortSignal.any([context.signal, stop.signal]));
  const links: (PushLink | Promise<PushLink>)[] = begun ? [begun] : [];
  return {
    for: async (tenant) => {
      if (begun && fits(known, tenant)) return begun;
      const other = openHost(context, tenant);
      links.push(other);
      return other;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      for (const link of await Promise.allSettled(links))
        if (link.status === 'fulfilled') await link.value[Symbol.asyncDispose]();
    },
  };
}

/**
 * A link for what changes nothing there. Of a known host only the connection is made; no host need be fit for changes,
 * since one that is full or has a wrong clock is just what is to be looked at.
 */
export async function openForLook(context: Context, tenant: Tenant): Promise<LookLink> {
  const known = readKnown(context, tenant.name);
  if (!known || !fits(known, tenant)) return openHost(context, tenant, 'look');
  const transport = await openTransport(tenant.host, context.ssh);
  const { root, manager, nodeTree } = known;
  return {
    transport,
    root,
    manager,
    agent: (tree = nodeTree) => new AgentClient(transport, { root, nodeTree: tree, asRoot: needsRoot(manager) }),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

function openKnown(context: Context, known: KnownHost, signal: AbortSignal): PushLink {
  const { host, root, manager, platform, nodeTree } = known;
  const transport = openTransport(host, { ...context.ssh, signal });
  const agentOf = (tree: string) => new AgentClient(transport, { root, nodeTree: tree, asRoot: needsRoot(manager) });
  const usual = agentOf(nodeTree);
  // Whoever uses it is told why it did not start.
  usual.start().catch(() => {});
  return {
    root,
    manager,
    platform,
    agent: (tree = nodeTree) => (tree === nodeTree ? usual : agentOf(tree)),
    [Symbol.asyncDispose]: async () => {
      await usual.stop();
      await (await transport.catch(() => null))?.close();
    },
  };
}

function fits(known: KnownHost | null, { host, services }: Tenant): boolean {
  return known?.host === host && (services.manager === 'auto' || services.manager === known.manager);
}

/** A file of another chp, or a damaged one, is as good as none. */
function readKnown(context: Context, tenant: string): KnownHost | null {
  try {
    const known = JSON.parse(readFileSync(hostFile(context, tenant, 'json'), 'utf8')) as KnownHost;
    return known.host && known.root && known.nodeTree ? known : null;
  } catch {
    return null;
  }
}

/** What chp keeps here of a tenant's host: what a push has to know of it, and how the system's ssh gets there. */
export function hostFile(context: Context, tenant: string, kind: 'json' | 'ssh_config'): string {
  return join(context.home.dir, 'hosts', `${tenant}.${kind}`);
}
