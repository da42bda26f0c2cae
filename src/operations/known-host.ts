import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AgentClient } from '../adapters/agent/client.ts';
import { openTransport } from '../adapters/transports.ts';
import type { ServiceManager } from '../core/agent-protocol.ts';
import type { Platform } from '../core/generation.ts';
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
export type PushLink = Pick<HostLink, 'transport' | 'root' | 'manager' | 'platform' | 'agent'> & AsyncDisposable;

/** Called when a host has converged. */
export function rememberHost(
  context: Context,
  tenant: Tenant,
  { root, manager, platform }: HostLink,
  nodeTree: string,
): void {
  const known: KnownHost = { host: tenant.host, root, manager, platform, nodeTree };
  const file = fileOf(context, tenant.name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}.new`, JSON.stringify(known), { mode: 0o600 });
  renameSync(`${file}.${process.pid}.new`, file);
}

export function forgetHost(context: Context, tenant: string): void {
  rmSync(fileOf(context, tenant), { force: true });
}

/** A link for a push: of a known host only the connection is made; of any other the facts are read first. */
export async function openForPush(context: Context, tenant: Tenant): Promise<PushLink> {
  const known = readKnown(context, tenant);
  if (!known) return openHost(context, tenant);
  const transport = await openTransport(tenant.host, context.ssh);
  const { root, manager, platform } = known;
  return {
    transport,
    root,
    manager,
    platform,
    agent: (nodeTree = known.nodeTree) => new AgentClient(transport, { root, nodeTree, asRoot: manager === 'systemd' }),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

/** A file of another chp, or a damaged one, is as good as none. */
function readKnown(context: Context, tenant: Tenant): KnownHost | null {
  try {
    const known = JSON.parse(readFileSync(fileOf(context, tenant.name), 'utf8')) as KnownHost;
    const meant = tenant.services.manager === 'auto' || tenant.services.manager === known.manager;
    return known.host === tenant.host && meant && known.root && known.nodeTree ? known : null;
  } catch {
    return null;
  }
}

const fileOf = (context: Context, tenant: string): string => join(context.home.dir, 'hosts', `${tenant}.json`);
