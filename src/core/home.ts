import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folders of chp on the operator's machine: all under `$CHP_HOME` (default `~/.chp`), mode 0700. */
export interface ChpHome {
  dir: string;
  /** SQLite registry, unless CHP_DATABASE_URL is set. */
  registry: string;
  /** Audit signing key, state passphrase, known_hosts: 0600 files. */
  keys: string;
  knownHosts: string;
  locks: string;
  /** Pulumi file backend, unless CHP_PULUMI_BACKEND_URL is set. */
  pulumiState: string;
  /** Engines, bundles: safe to delete. */
  cache: string;
  /** Root of tenants on this machine where there is no systemd or no root. */
  hub: string;
}

export function chpHome(env: NodeJS.ProcessEnv = process.env): ChpHome {
  const dir = env.CHP_HOME || join(homedir(), '.chp');
  return {
    dir,
    registry: join(dir, 'registry.db'),
    keys: join(dir, 'keys'),
    knownHosts: join(dir, 'known_hosts'),
    locks: join(dir, 'locks'),
    pulumiState: join(dir, 'pulumi'),
    cache: join(env.CHP_CACHE || join(dir, 'cache')),
    hub: join(dir, 'hub'),
  };
}
