import { readFileSync } from 'node:fs';
import type { ServiceManager } from '../../core/agent-protocol.ts';
import { type Digest, sha256 } from '../../core/digest.ts';
import { BASE_IMAGE, hostLayout, needsRoot, nodeBinary, tenantLayout, tenantUser } from '../../core/host-layout.ts';
import { packagePath } from '../../core/package-root.ts';

/** What the base of a host is to be: all that is there before a generation runs. */
export interface DesiredBase {
  root: string;
  tenant: string;
  manager: ServiceManager;
  node: { digest: Digest; archive: string };
  agent: { digest: Digest; path: string };
  /** Secret: decrypts this tenant's secrets on the host. */
  ageIdentity: string;
  /** PEM. */
  signingPublicKey: string;
  /** Inbound TCP ports that this tenant needs open; null = it asks for no firewall of ours. */
  firewallPorts: readonly number[] | null;
  packages: readonly string[];
  /** The gateway may change its own config: somebody but the operator owns parts of it. Default false. */
  configWritable?: boolean;
  /** Containers start from the image that chp makes of the host's own files. Default false. */
  baseImage?: boolean;
}

export interface BaseDir {
  path: string;
  mode: string;
  owner: string;
}

export interface BaseFile extends BaseDir {
  sha256: Digest;
  content: () => string | Uint8Array;
}

export const FIREWALL_UNIT = 'chp-firewall.service';
export const FIREWALL_UNIT_FILE = `/etc/systemd/system/${FIREWALL_UNIT}`;

/** The firewall is the host's, and each of its tenants may open ports: a file of its own says which. */
export function firewallRules(root: string, tenant: string): string {
  return `${root}/agent/firewall/${tenant}.nft`;
}

/** User that owns what the gateway writes. */
export function ownerOf({ manager, tenant }: Pick<DesiredBase, 'manager' | 'tenant'>, login: string): string {
  return needsRoot(manager) ? tenantUser(tenant) : login;
}

/** Folders in the order in which they are made. */
export function desiredDirs(desired: DesiredBase, login: string): BaseDir[] {
  const host = hostLayout(desired.root);
  const tenant = tenantLayout(desired.root, desired.tenant);
  const admin = needsRoot(desired.manager) ? 'root' : login;
  const own = ownerOf(desired, login);
  const dir = (path: string, mode: string, owner = admin): BaseDir => ({ path, mode, owner });
  return [
    dir(host.root, '755'),
    dir(parent(host.agent), '755'),
    ...(desired.firewallPorts ? [dir(parent(firewallRules(desired.root, desired.tenant)), '755')] : []),
    dir(host.trees, '755'),
    dir(host.objects, '700'),
    dir(host.tenants, '711'),
    dir(tenant.dir, '711'),
    dir(tenant.keys, '700'),
    dir(tenant.generations, '755'),
    dir(tenant.snapshots, '700'),
    dir(parent(tenant.config), '755', desired.configWritable ? own : admin),
    dir(tenant.credentials, '700'),
    dir(tenant.state, '700', own),
    dir(tenant.home, '700', own),
    dir(tenant.tmp, '700', own),
    dir(tenant.logs, '700', own),
    dir(tenant.automation, '700', own),
  ];
}

/** Small files; the node tree travels by itself. */
export function desiredFiles(desired: DesiredBase, login: string): BaseFile[] {
  const host = hostLayout(desired.root);
  const { about, keys } = tenantLayout(desired.root, desired.tenant);
  const owner = needsRoot(desired.manager) ? 'root' : login;
  const file = (path: string, mode: string, content: string): BaseFile => ({
    path,
    mode,
    owner,
    content: () => content,
    sha256: sha256(content),
  });
  return [
    {
      path: host.agent,
      mode: '644',
      owner,
      sha256: desired.agent.digest,
      content: () => readFileSync(desired.agent.path),
    },
    file(`${keys}/identity.age`, '600', `${desired.ageIdentity}\n`),
    file(`${keys}/signing.pub`, '644', desired.signingPublicKey),
    ...firewallFiles(desired, file),
    file(about, '644', `${JSON.stringify({ schema: 1, manager: desired.manager })}\n`),
    file(host.hostFile, '644', `${JSON.stringify({ schema: 1, root: desired.root, nodeTree: desired.node.digest })}\n`),
  ];
}

function firewallFiles(
  desired: DesiredBase,
  file: (path: string, mode: string, content: string) => BaseFile,
): BaseFile[] {
  const { root, tenant, firewallPorts } = desired;
  if (!firewallPorts) return [];
  const ports = [...new Set(firewallPorts)].sort((a, b) => a - b).join(', ');
  return [
    file(`${root}/agent/firewall.nft`, '644', template('firewall.nft').replaceAll('{{root}}', root)),
    file(firewallRules(root, tenant), '644', `add element inet chp open { ${ports} }\n`),
    file(FIREWALL_UNIT_FILE, '644', template(FIREWALL_UNIT).replaceAll('{{root}}', root)),
  ];
}

/** Makes `BASE_IMAGE`, or says whether it is as it would be made now. @returns a shell command */
export function baseImageScript(desired: DesiredBase, act: 'make' | 'check'): string {
  const node = nodeBinary(desired.root, desired.node.digest);
  const script = readFileSync(packagePath('templates', 'compose', 'base-image.sh'), 'utf8');
  return `sh -s -- ${act} ${BASE_IMAGE} '${node}' <<'SCRIPT'\n${script}SCRIPT`;
}

function template(name: string): string {
  return readFileSync(packagePath('templates', 'host', name), 'utf8');
}

const parent = (path: string): string => path.slice(0, path.lastIndexOf('/'));
