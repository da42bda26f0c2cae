import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { HostStatus } from '../../core/agent-protocol.ts';
import { configDrift } from '../../core/config-drift.ts';
import { type Digest, sha256 } from '../../core/digest.ts';
import type { SignedGeneration } from '../../core/generation.ts';
import { hostLayout, tenantLayout } from '../../core/host-layout.ts';
import type { Host } from './host.ts';
import { Journal } from './journal.ts';
import type { Manager } from './manager/manager.ts';

/** Digest of the generation that `current` points to; null = none. */
export function currentGeneration(root: string, tenant: string): Digest | null {
  try {
    return basename(readlinkSync(tenantLayout(root, tenant).current));
  } catch {
    return null;
  }
}

/** @throws when the stored generation is damaged */
export function storedGeneration(root: string, tenant: string, digest: Digest): SignedGeneration {
  return JSON.parse(
    readFileSync(join(tenantLayout(root, tenant).generations, digest, 'generation.json'), 'utf8'),
  ) as SignedGeneration;
}

/** What is on the host, read without changing anything. */
export async function hostStatus(host: Host, tenant: string, manager: Manager): Promise<HostStatus> {
  const layout = tenantLayout(host.root, tenant);
  const current = currentGeneration(host.root, tenant);
  const open = new Journal(layout.journal).open();
  const live = readOrNull(layout.config);
  return {
    tenant,
    agentDigest: sha256(readFileSync(hostLayout(host.root).agent)),
    manager: host.manager,
    current,
    previous: open?.previous ?? null,
    interrupted: open ? { step: open.step ?? 'received', generation: open.generation } : null,
    services: existsSync(layout.dir) ? await manager.status() : [],
    drift: current ? driftOf(host.root, tenant, current, live) : { config: [], files: [] },
    configDigest: { file: live === null ? null : sha256(live), running: null },
  };
}

/** Where files and live config differ from the generation that runs. */
export function driftOf(root: string, tenant: string, current: Digest, live: string | null): HostStatus['drift'] {
  const { manifest } = storedGeneration(root, tenant, current);
  const dir = join(tenantLayout(root, tenant).generations, current);
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
