import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { type Digest, sha256 } from '../../../core/digest.ts';
import { type GenerationManifest, treesOf } from '../../../core/generation.ts';
import { hostLayout } from '../../../core/host-layout.ts';
import type { HostReadings, InstallationReading } from '../../../core/host-readings.ts';
import { TREE_MANIFEST, type TreeEntry } from '../../../core/tree.ts';
import { Journal } from '../journal.ts';
import { currentGeneration, shownDrift, storedGeneration } from '../status.ts';
import type { Look } from './look.ts';

const TOLD = 20;
const AT_ONCE = 64;

export async function readInstallation({ host, tenant, layout, manager }: Look): Promise<InstallationReading> {
  const { agent, trees } = hostLayout(host.root);
  const current = currentGeneration(host.root, tenant);
  const journal = new Journal(layout.journal);
  const open = journal.open();
  const live = existsSync(layout.config) ? readFileSync(layout.config, 'utf8') : null;
  const manifest = current === null ? null : (storedGeneration(host.root, tenant, current)?.manifest ?? null);
  const key = join(layout.keys, 'signing.pub');
  return {
    agentDigest: sha256(readFileSync(agent)),
    node: process.version,
    current,
    previous: journal.previous(),
    interrupted: open ? { step: open.step ?? 'received', generation: open.generation } : null,
    drift: current ? await shownDrift(host, current, manifest, live, manager) : { config: [], files: [] },
    configFile: live === null ? null : sha256(live),
    signingKey: existsSync(key) ? sha256(readFileSync(key, 'utf8').trim()) : null,
    leftovers: readdirSync(trees).filter((name) => !/^[0-9a-f]{64}$/.test(name)),
  };
}

/** Every entry of the trees that run: is it there, and of its size (`deep`: of its content)? */
export async function readTrees({ host, manifest, request }: Look): Promise<HostReadings['trees']> {
  const found: HostReadings['trees'] = [];
  for (const digest of treesOf(manifest)) found.push(await readTree(host.root, digest, manifest, request.deep));
  return found;
}

async function readTree(
  root: string,
  digest: Digest,
  { runtime, trees }: GenerationManifest,
  deep: boolean,
): Promise<HostReadings['trees'][number]> {
  const dir = join(hostLayout(root).trees, digest);
  const named = Object.entries(trees ?? {}).find(([, one]) => one === digest)?.[0];
  const name = digest === runtime.node ? 'node' : digest === runtime.app ? runtime.name : (named ?? digest);
  const json = await readFile(join(dir, TREE_MANIFEST), 'utf8').catch(() => '');
  if (sha256(json) !== digest) return { digest, name, entries: 0, bad: [TREE_MANIFEST] };
  const entries = JSON.parse(json) as TreeEntry[];
  const bad: string[] = [];
  for (let at = 0; at < entries.length && bad.length < TOLD; at += AT_ONCE) {
    const some = entries.slice(at, at + AT_ONCE);
    const right = await Promise.all(some.map((entry) => isRight(join(dir, entry.path), entry, deep)));
    bad.push(...some.flatMap(({ path }, index) => (right[index] ? [] : [path])));
    await breathe();
  }
  return { digest, name, entries: entries.length, bad: bad.slice(0, TOLD) };
}

async function isRight(path: string, entry: TreeEntry, deep: boolean): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  if (!found) return false;
  if (entry.type === 'link') return found.isSymbolicLink();
  if (!found.isFile() || found.size !== entry.size || (found.mode & 0o777) !== entry.mode) return false;
  return !deep || sha256(await readFile(path)) === entry.sha256;
}
