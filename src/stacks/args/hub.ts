import type { ServiceManager } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import { TENANT_NAME_PATTERN } from '../../core/names.ts';

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
  /** Family or agent own parts of the gateway's config, so the gateway may write it. Default false. */
  configWritable?: boolean;
  /** Containers of the tenant start from the image that chp makes of the host's own files. Default false. */
  baseImage?: boolean;
  /** A higher number makes the tenant's whole identity anew. Default 0. */
  rotation?: number;
}

export interface ArgProblem {
  property: keyof HubArgs;
  reason: string;
}

const DIGEST = /^[0-9a-f]{64}$/;
const PACKAGE = /^[a-z0-9][a-z0-9+.-]+$/;

/** What is wrong with a hub's inputs; the playbooks can take what is left. Pure. */
export function hubProblems(args: HubArgs): ArgProblem[] {
  const rules: [keyof HubArgs, boolean, string][] = [
    ['tenant', new RegExp(TENANT_NAME_PATTERN).test(args.tenant ?? ''), `"${args.tenant}" is not a tenant name`],
    ['host', typeof args.host === 'string' && /^[^\s#-][^\s#]*$/.test(args.host), `"${args.host}" is not a host`],
    ['root', isPlainPath(args.root), `"${args.root}" is not an absolute path, or not a plain one`],
    ['manager', ['systemd', 'supervisor', 'compose'].includes(args.manager), `"${args.manager}" is no service manager`],
    ['nodeDigest', DIGEST.test(args.nodeDigest), 'not a sha256 digest'],
    ['agentDigest', DIGEST.test(args.agentDigest), 'not a sha256 digest'],
    ['firewallPorts', (args.firewallPorts ?? []).every(isPort), 'ports are 1-65535'],
    ['packages', (args.packages ?? []).every((name) => PACKAGE.test(name)), 'a name is not one of a Debian package'],
    ['rotation', Number.isSafeInteger(args.rotation ?? 0) && (args.rotation ?? 0) >= 0, 'not a whole number from 0'],
  ];
  return rules.filter(([, fine]) => !fine).map(([property, , reason]) => ({ property, reason }));
}

/** @throws BAD_INPUT on anything that is not what the playbooks can take */
export function checkHubArgs(args: HubArgs): void {
  const problems = hubProblems(args);
  if (problems.length === 0) return;
  throw new ChpError('BAD_INPUT', `the hub of ${args.tenant} can't be made from what was given`, {
    why: problems.map(({ property, reason }) => `${property}: ${reason}`).join('; '),
    details: { problems },
  });
}

/** No way up, and nothing that `rm -rf` should not be given. */
function isPlainPath(path: unknown): boolean {
  return (
    typeof path === 'string' &&
    /^(\/[^/\0\n]+)+$/.test(path) &&
    !path.split('/').some((part) => part === '..' || part === '.')
  );
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
