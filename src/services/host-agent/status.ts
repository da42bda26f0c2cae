import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { HostStatus } from '../../core/agent-protocol.ts';
import { configDrift } from '../../core/config-drift.ts';
import { type Digest, digestOf, sha256 } from '../../core/digest.ts';
import { hideSecrets } from '../../core/drift-secrets.ts';
import { ChpError } from '../../core/errors.ts';
import { type GenerationManifest, type SignedGeneration, treesOf } from '../../core/generation.ts';
import { hostLayout, tenantLayout } from '../../core/host-layout.ts';
import { TREE_MANIFEST } from '../../core/tree.ts';
import { secretsOf } from './credentials.ts';
import type { Host } from './host.ts';
import { Journal } from './journal.ts';
import type { Manager } from './manager/manager.ts';
import { resolveServices } from './manager/resolve.ts';
import { runningConfig } from './running-config.ts';
import { Store } from './store.ts';

/** Digest of the generation that `current` points to; null = none. */
export function currentGeneration(root: string, tenant: string): Digest | null {
  try {
    return basename(readlinkSync(tenantLayout(root, tenant).current));
  } catch {
    return null;
  }
}

/** What a generation's folder says that it is; null when it is gone, or not what its name says. */
export function storedGeneration(root: string, tenant: string, digest: Digest): SignedGeneration | null {
  const text = readOrNull(join(tenantLayout(root, tenant).generations, digest, 'generation.json'));
  const signed = text === null ? undefined : (parseOrUndefined(text) as SignedGeneration | undefined);
  return signed?.manifest && digestOf(signed.manifest) === digest ? signed : null;
}

/** The generation that runs. @throws NOT_FOUND when nothing does; INTEGRITY when it is damaged */
export function running(root: string, tenant: string): SignedGeneration {
  const current = currentGeneration(root, tenant);
  if (!current)
    throw new ChpError('NOT_FOUND', `${tenant} runs nothing on this host`, { next: [`chp tenant apply ${tenant}`] });
  const signed = storedGeneration(root, tenant, current);
  if (!signed)
    throw new ChpError('INTEGRITY', `the generation ${current.slice(0, 12)} of ${tenant} is damaged on the host`, {
      next: [`chp tenant apply ${tenant}`],
    });
  return signed;
}

/** What is on the host, read without changing anything. */
export async function hostStatus(host: Host, tenant: string, manager: Manager): Promise<HostStatus> {
  const layout = tenantLayout(host.root, tenant);
  const current = currentGeneration(host.root, tenant);
  const journal = new Journal(layout.journal);
  const open = journal.open();
  const live = readOrNull(layout.config);
  const manifest = current === null ? null : (storedGeneration(host.root, tenant, current)?.manifest ?? null);
  return {
    tenant,
    agentDigest: sha256(readFileSync(hostLayout(host.root).agent)),
    manager: host.manager,
    current,
    previous: journal.previous(),
    interrupted: open ? { step: open.step ?? 'received', generation: open.generation } : null,
    services: existsSync(layout.dir) ? await manager.status() : [],
    drift: current ? await shownDrift(host, current, manifest, live, manager) : { config: [], files: [] },
    configDigest: {
      file: live === null ? null : sha256(live),
      running: manifest && (await runningConfig(host.root, manifest)),
    },
  };
}

/** As `driftOf`, for people: a hand edit, or the gateway itself, may have put a secret's value into the live file. */
export async function shownDrift(...asked: Parameters<typeof driftOf>): Promise<HostStatus['drift']> {
  const drift = await driftOf(...asked);
  const [{ root }, , manifest] = asked;
  if (!manifest || drift.config.length === 0) return drift;
  return { ...drift, config: hideSecrets(drift.config, await secretsOf(root, manifest, new Store(root))) };
}

/**
 * Where files, units and live config differ from the generation that runs; `manifest` null = it is damaged. Values as
 * they are: not to be shown.
 */
export async function driftOf(
  { root }: Host,
  current: Digest,
  manifest: GenerationManifest | null,
  live: string | null,
  manager: Manager,
): Promise<HostStatus['drift']> {
  if (!manifest) return { config: [], files: [{ path: 'generation.json', problem: 'changed' }] };
  const dir = join(tenantLayout(root, manifest.tenant).generations, current);
  const files: HostStatus['drift']['files'] = [];
  const expected = new Set(['generation.json']);
  for (const file of manifest.files) {
    expected.add(file.path);
    const path = join(dir, file.path);
    if (!existsSync(path)) files.push({ path: file.path, problem: 'missing' });
    else if (sha256(readFileSync(path)) !== file.sha256 || (statSync(path).mode & 0o777) !== file.mode)
      files.push({ path: file.path, problem: 'changed' });
  }
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = relative(dir, join(entry.parentPath, entry.name));
    if (!entry.isDirectory() && !expected.has(path)) files.push({ path, problem: 'extra' });
  }
  for (const tree of treesOf(manifest))
    if (!existsSync(join(hostLayout(root).trees, tree, TREE_MANIFEST)))
      files.push({ path: `trees/${tree}`, problem: 'missing' });
  files.push(...(await manager.drift(resolveServices(root, manifest, null))));
  return { files, config: configDriftOf(readOrNull(join(dir, 'config/gateway.json')), live, manifest.ownership) };
}

function configDriftOf(
  base: string | null,
  live: string | null,
  ownership: SignedGeneration['manifest']['ownership'],
): HostStatus['drift']['config'] {
  if (base === null || base === live) return [];
  const parsed = live === null ? undefined : parseOrUndefined(live);
  if (parsed === undefined)
    return [{ path: '', owner: 'operator', base: '(the whole file)', live: live === null ? undefined : '(not JSON)' }];
  return configDrift(JSON.parse(base), parsed, ownership);
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
