import { BASE_IMAGE, needsRoot } from '../../core/host-layout.ts';
import {
  type BaseDir,
  type BaseFile,
  type DesiredBase,
  desiredDirs,
  desiredFiles,
  FIREWALL_UNIT_FILE,
  firewallRules,
  ownerOf,
} from './desired.ts';

/** What is on the host of all that `DesiredBase` speaks of. */
export interface BaseFacts {
  login: string;
  userExists: boolean;
  /** By path; absent = not there. `sha256` only for files. */
  paths: Record<string, { mode: string; owner: string; sha256?: string }>;
  nodeTree: boolean;
  /** The `inet chp` table is loaded. */
  firewall: boolean;
  packages: Record<string, boolean>;
  nft: boolean;
  /** The image of containers is there, and as it would be made now. */
  baseImage: boolean;
}

export type BaseAction =
  | { do: 'install-package'; name: string }
  | { do: 'ensure-user'; user: string; home: string }
  | ({ do: 'ensure-dir' } & BaseDir)
  | { do: 'install-node'; digest: string }
  | ({ do: 'put-file' } & BaseFile)
  | { do: 'make-image' }
  | { do: 'load-firewall' }
  | { do: 'drop-firewall' };

/** What has to be done, in order; nothing when the host is as it should be. Pure. */
export function planBase(facts: BaseFacts, desired: DesiredBase): BaseAction[] {
  const actions: BaseAction[] = [];
  for (const name of desired.packages) if (!facts.packages[name]) actions.push({ do: 'install-package', name });
  if (needsRoot(desired.manager) && !facts.userExists)
    actions.push({
      do: 'ensure-user',
      user: ownerOf(desired, facts.login),
      home: `${desired.root}/tenants/${desired.tenant}/home`,
    });
  for (const dir of desiredDirs(desired, facts.login)) {
    const is = facts.paths[dir.path];
    if (is?.mode !== dir.mode || is.owner !== dir.owner) actions.push({ do: 'ensure-dir', ...dir });
  }
  if (!facts.nodeTree) actions.push({ do: 'install-node', digest: desired.node.digest });
  if (desired.baseImage && !facts.baseImage) actions.push({ do: 'make-image' });
  const { root, tenant } = desired;
  const rules = firewallRules(root, tenant);
  const ofFirewall = [`${root}/agent/firewall.nft`, rules, FIREWALL_UNIT_FILE];
  let firewallChanged = false;
  for (const file of desiredFiles(desired, facts.login)) {
    const is = facts.paths[file.path];
    if (is?.mode === file.mode && is.owner === file.owner && is.sha256 === file.sha256) continue;
    actions.push({ do: 'put-file', ...file });
    if (ofFirewall.includes(file.path)) firewallChanged = true;
  }
  if (desired.firewallPorts && (firewallChanged || !facts.firewall)) actions.push({ do: 'load-firewall' });
  if (!desired.firewallPorts && facts.paths[rules]) actions.push({ do: 'drop-firewall' });
  return actions;
}

/** An action in words, for drift and plans: never contents. */
export function describeAction(action: BaseAction): string {
  switch (action.do) {
    case 'install-package':
      return `package ${action.name}`;
    case 'ensure-user':
      return `user ${action.user}`;
    case 'ensure-dir':
      return `folder ${action.path} (${action.owner}, ${action.mode})`;
    case 'install-node':
      return `node ${action.digest.slice(0, 12)}`;
    case 'put-file':
      return `file ${action.path}`;
    case 'make-image':
      return `image ${BASE_IMAGE}`;
    case 'load-firewall':
      return 'firewall rules';
    case 'drop-firewall':
      return 'firewall rules to be taken away';
  }
}
