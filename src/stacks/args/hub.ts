import type { ServiceManager } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import { assertTenantName } from '../../core/names.ts';

/** Inputs of a hub's stack. Plain JSON: it crosses the engine on its way to the provider. */
export interface HubArgs {
  tenant: string;
  /** As in tenant.yaml. */
  host: string;
  root: string;
  manager: ServiceManager;
  nodeDigest: string;
  /** On the operator's machine; not part of what is compared. */
  nodeArchive: string;
  agentDigest: string;
  agentPath: string;
  firewallPorts: number[] | null;
  packages: string[];
}

const DIGEST = /^[0-9a-f]{64}$/;

/** @throws BAD_INPUT on anything that is not what the playbooks can take */
export function checkHubArgs(args: HubArgs): void {
  assertTenantName(args.tenant);
  const refuse = (what: string): never => {
    throw new ChpError('BAD_INPUT', `the hub's ${what}`);
  };
  if (!args.host) refuse('host is missing');
  if (!args.root.startsWith('/')) refuse(`root "${args.root}" is not absolute`);
  if (!DIGEST.test(args.nodeDigest) || !DIGEST.test(args.agentDigest)) refuse('digests are not sha256');
  if (args.firewallPorts?.some((port) => !Number.isInteger(port) || port < 1 || port > 65535))
    refuse('firewall ports are not 1-65535');
  if (args.packages.some((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name))) refuse('packages have names that are none');
}
