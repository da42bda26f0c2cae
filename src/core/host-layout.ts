import { posix } from 'node:path';
import type { ServiceManager } from './agent-protocol.ts';
import type { Digest } from './digest.ts';

/** Where a systemd host keeps everything of chp's; local mode without root uses `$CHP_HOME/hub` in its place. */
export const SYSTEM_ROOT = '/var/lib/chp';

/** Does it work as root, in `SYSTEM_ROOT` and with a user of its own for each tenant? Else all is the login user's. */
export const needsRoot = (manager: ServiceManager): boolean => manager !== 'supervisor';

/** The image that chp makes of a host's own files, for containers whose tenant names no other. */
export const BASE_IMAGE = 'chp-base';

/** Paths below one root on a host. All absolute, all POSIX. Nothing of chp's lies outside, but units, users and firewall rules. */
export interface HostLayout {
  root: string;
  /** `agent.mjs`, replaced atomically; `host.json` beside it says what this host is. */
  agent: string;
  hostFile: string;
  /** Content-addressed directory trees (node, runtimes), shared between tenants. */
  trees: string;
  /** Content-addressed single files, shared between tenants. */
  objects: string;
  tenants: string;
}

export function hostLayout(root: string): HostLayout {
  return {
    root,
    agent: posix.join(root, 'agent', 'agent.mjs'),
    hostFile: posix.join(root, 'agent', 'host.json'),
    trees: posix.join(root, 'trees'),
    objects: posix.join(root, 'objects'),
    tenants: posix.join(root, 'tenants'),
  };
}

/** The shipped node inside a node tree. */
export function nodeBinary(root: string, nodeTree: Digest): string {
  return posix.join(root, 'trees', nodeTree, 'bin', 'node');
}

/** Paths of one tenant on a host. */
export interface TenantLayout {
  dir: string;
  /** What runs its services (JSON): tenants of one host may differ in it. */
  about: string;
  /** flock'ed while anything changes; `holder` (JSON) says who and since when. */
  lock: string;
  holder: string;
  /** JSON lines, one a step, fsync'ed. */
  journal: string;
  /** The operator's signing public key, age identity: root only. */
  keys: string;
  generations: string;
  /** Symlink to `generations/<digest>`: the one thing that is flipped. */
  current: string;
  /** Live gateway config: a copy of the generation's, plus what family and agent own. */
  config: string;
  /** Gateway state dir (0700, the tenant's user). */
  state: string;
  home: string;
  /** Fixed per tenant: the gateway keys its transpile cache by path. */
  tmp: string;
  logs: string;
  /** Temporal's database, ledger of effects, inbox, the worker's socket. Never rolled back: what was done stays done. */
  automation: string;
  /** What came back would be put from: config and, where the runtime changed, state before that generation, by its digest. */
  snapshots: string;
  /** Which generations were proven, in order; which are pinned; how many are kept. */
  ledger: string;
  /** Why a generation failed and what its services said last, by digest. Root only. */
  failed: string;
  /** Repository of backups, unless it is elsewhere, and what is copied for one. Root only. */
  backups: string;
  /** Encrypted credentials (systemd) or files for their reader alone in a 0700 directory. */
  credentials: string;
  /** What the manager keeps there: the supervisor's state, or the compose file with the last containers' logs. */
  run: string;
}

export function tenantLayout(root: string, tenant: string): TenantLayout {
  const dir = posix.join(root, 'tenants', tenant);
  const at = (...parts: string[]) => posix.join(dir, ...parts);
  return {
    dir,
    about: at('tenant.json'),
    lock: at('lock'),
    holder: at('holder.json'),
    journal: at('journal.jsonl'),
    keys: at('keys'),
    generations: at('generations'),
    current: at('current'),
    config: at('config', 'gateway.json'),
    state: at('state'),
    home: at('home'),
    tmp: at('tmp'),
    logs: at('logs'),
    automation: at('automation'),
    snapshots: at('snapshots'),
    ledger: at('ledger'),
    failed: at('failed'),
    backups: at('backups'),
    credentials: at('credentials'),
    run: at('run'),
  };
}

/** Where the worker of a tenant listens (core/worker-protocol.ts). */
export const workerSocket = ({ automation }: Pick<TenantLayout, 'automation'>): string =>
  posix.join(automation, 'worker.sock');

/** System user and unit names of a tenant. `assertTenantName` keeps the user name within Linux limits. */
export const tenantUser = (tenant: string): string => `chp-${tenant}`;
export const unitName = (tenant: string, service: string): string => `chp-${tenant}-${service}.service`;
