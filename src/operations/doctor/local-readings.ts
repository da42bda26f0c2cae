import { createPrivateKey } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { resolveTarget } from '../../adapters/ssh/config.ts';
import { packagePath } from '../../core/package-root.ts';
import type { JobRecord } from '../../core/ports/registry.ts';
import { verifyChain } from '../audit.ts';
import type { Context } from '../context.ts';
import { type EngineView, listEngines } from '../engines.ts';

/** What is read on the operator's machine. */
export interface LocalReadings {
  node: { version: string; wanted: string };
  /** Folders and key files below CHP_HOME that others may enter or read. */
  home: { dir: string; open: { path: string; mode: string }[]; keys: number };
  auditKey: { present: boolean; fault: string | null };
  passphrase: { needed: boolean; present: boolean };
  registry: { location: string; tenants: number };
  /** Jobs that say they are running although nobody holds their tenant's lock. */
  jobs: Pick<JobRecord, 'tenant' | 'kind' | 'startedAt'>[];
  engines: EngineView[];
  disk: { dir: string; freeMb: number };
  clock: { now: string; lastEntry: string | null };
  network: { name: string; fault: string | null }[];
  catalogues: CatalogueReading[];
  audit: { entries: number };
}

export interface CatalogueReading {
  name: string;
  /** It comes with chp, which makes it anew when something of it is lost. */
  builtin: boolean;
  /** ISO 8601; null for a live registry. */
  expires: string | null;
  /** Its signing key is on this machine. */
  ours: boolean;
  fault: { code: string; message: string; next: readonly string[] } | null;
  /** Of the keys that it is believed by, those that are not revoked. */
  keys: { keyid: string; expires: string | null; signsHere: boolean; lost: boolean }[];
}

type Local = { [K in keyof LocalReadings]: (context: Context) => Promise<LocalReadings[K]> };

export const LOCAL_LIMITS: Readonly<Record<keyof LocalReadings, number>> = {
  node: 5_000,
  home: 5_000,
  auditKey: 5_000,
  passphrase: 5_000,
  registry: 20_000,
  jobs: 20_000,
  engines: 15_000,
  disk: 5_000,
  clock: 20_000,
  network: 10_000,
  catalogues: 20_000,
  audit: 60_000,
};

export const LOCAL: Local = {
  node: async () => {
    const { engines } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { engines: { node: string } };
    return { version: process.versions.node, wanted: engines.node };
  },
  home: async ({ home }) => {
    const keys = filesBelow(home.keys);
    const open = [home.dir, home.keys, ...keys].flatMap((path) => {
      const mode = statSync(path, { throwIfNoEntry: false })?.mode;
      return mode === undefined || (mode & 0o077) === 0 ? [] : [{ path, mode: (mode & 0o777).toString(8) }];
    });
    return { dir: home.dir, open, keys: keys.length };
  },
  auditKey: async ({ home }) => {
    const path = join(home.keys, 'audit.pem');
    if (!statSync(path, { throwIfNoEntry: false })) return { present: false, fault: null };
    try {
      const type = createPrivateKey(readFileSync(path)).asymmetricKeyType;
      return { present: true, fault: type === 'ed25519' ? null : `it holds a ${type} key` };
    } catch {
      return { present: true, fault: 'it holds no private key' };
    }
  },
  passphrase: async ({ home, env }) => {
    const given = Boolean(env.CHP_PASSPHRASE || env.CHP_PASSPHRASE_FILE);
    const kept = statSync(join(home.keys, 'passphrase'), { throwIfNoEntry: false });
    const stacks = filesBelow(join(home.pulumiState, '.pulumi', 'stacks'));
    return { needed: stacks.length > 0, present: given || (kept?.size ?? 0) > 1 };
  },
  registry: async (context) => {
    const registry = await context.registry();
    return { location: registry.location, tenants: (await registry.tenants()).length };
  },
  jobs: async (context) => {
    const registry = await context.registry();
    const running = (await registry.jobs()).filter(({ state }) => state === 'running');
    const cut = await Promise.all(running.map(async (job) => ((await isFree(context, job.tenant)) ? [job] : [])));
    return cut.flat().map(({ tenant, kind, startedAt }) => ({ tenant, kind, startedAt }));
  },
  engines: (context) => listEngines(context),
  disk: async ({ home }) => {
    let { dir } = home;
    // It may not have been made yet.
    while (!existsSync(dir)) dir = dirname(dir);
    const { bavail, bsize } = await statfs(dir);
    return { dir, freeMb: Math.floor((bavail * bsize) / 1024 ** 2) };
  },
  clock: async (context) => {
    const [last] = await (await context.registry()).audit({ limit: 1 });
    return { now: new Date().toISOString(), lastEntry: last?.at ?? null };
  },
  network: async (context) => {
    const hosts = (await (await context.registry()).tenants())
      .map(({ host }) => host)
      .filter((host) => host !== 'local');
    const names = new Set(hosts.map((host) => nameOf(host, context.env)));
    return Promise.all(
      [...names].map((name) =>
        lookup(name).then(
          () => ({ name, fault: null }),
          (error: NodeJS.ErrnoException) => ({ name, fault: error.code ?? error.message }),
        ),
      ),
    );
  },
  // Loaded on use: what reads catalogues takes longer to load than all else here.
  catalogues: async (context) => (await import('./catalogue-readings.ts')).readAllCatalogues(context),
  audit: (context) => verifyChain(context),
};

/** Nobody works on it. */
async function isFree(context: Context, tenant: string): Promise<boolean> {
  try {
    await using _lock = await (await context.registry()).lock(tenant, 'doctor', { waitMs: 0 });
    return true;
  } catch {
    return false;
  }
}

function nameOf(host: string, env: NodeJS.ProcessEnv): string {
  const { hostname, proxyJump } = resolveTarget(host, env);
  const [hop] = proxyJump;
  return hop ? nameOf(hop, env) : hostname;
}

function filesBelow(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
