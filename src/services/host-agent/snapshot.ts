import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { type TenantLayout, tenantLayout } from '../../core/host-layout.ts';
import { run } from './run.ts';

const COPY_MS = 600_000;

/** What goes back in time with a runtime: the gateway's state, and its home with the workspace. Not what packs have done. */
export const REWOUND = ['state', 'home'] as const;

/**
 * What must come back when generation `next` fails: the live config always, the gateway's state when the runtime
 * changes (a new runtime may migrate it one way). Services must be stopped for the state. What is whole has the
 * generation's name; a half-written one is never read.
 */
export async function takeSnapshot(root: string, tenant: string, next: Digest, withState: boolean): Promise<void> {
  const layout = tenantLayout(root, tenant);
  const final = join(layout.snapshots, next);
  const temporary = `${final}.new`;
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    if (existsSync(layout.config))
      await writeFile(join(temporary, 'gateway.json'), await readFile(layout.config), { mode: 0o600, flush: true });
    if (withState)
      for (const part of REWOUND) if (existsSync(layout[part])) await copyTree(layout[part], join(temporary, part));
    if (withState) await run('sync', ['--file-system', temporary], { deadlineMs: COPY_MS });
  } catch (error) {
    // It may be what fills the disk.
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  await rm(final, { recursive: true, force: true });
  await rename(temporary, final);
}

/** Was the gateway's state kept, too? `of`: a generation that is being activated, or a name that `keepSnapshot` gave. */
export const hasStateSnapshot = (root: string, tenant: string, of: string): boolean =>
  existsSync(join(tenantLayout(root, tenant).snapshots, of, 'state'));

/**
 * Once `of` is proven, the state from before it is kept under a name of its own: the next activation of the same
 * generation takes another one. May be run again after a cut. @returns the name; null = no state was kept
 */
export function keepSnapshot(root: string, tenant: string, of: Digest, name: string): string | null {
  const { snapshots } = tenantLayout(root, tenant);
  if (hasStateSnapshot(root, tenant, of)) {
    rmSync(join(snapshots, name), { recursive: true, force: true });
    renameSync(join(snapshots, of), join(snapshots, name));
  }
  return hasStateSnapshot(root, tenant, name) ? name : null;
}

/** Puts back what `takeSnapshot` kept. May be run again after a cut. */
export async function restoreSnapshot(root: string, tenant: string, failed: Digest): Promise<void> {
  const layout = tenantLayout(root, tenant);
  const from = join(layout.snapshots, failed);
  if (existsSync(join(from, 'gateway.json')))
    await writeLiveConfig(layout.config, await readFile(join(from, 'gateway.json')));
  else if (existsSync(from)) await rm(layout.config, { force: true });
  for (const part of REWOUND) {
    if (!existsSync(join(from, part))) continue;
    await copyTree(join(from, part), replacement(layout, part));
    await swapIn(layout, part);
  }
}

export const replacement = (layout: TenantLayout, part: (typeof REWOUND)[number]): string => `${layout[part]}.restored`;

/** Puts a whole replacement in the place of a folder. Cut in between, the next `restoreSnapshot` finds its way. */
export async function swapIn(layout: TenantLayout, part: (typeof REWOUND)[number]): Promise<void> {
  const old = `${layout[part]}.failed`;
  await rm(old, { recursive: true, force: true });
  if (existsSync(layout[part])) await rename(layout[part], old);
  await rename(replacement(layout, part), layout[part]);
  await rm(old, { recursive: true, force: true });
}

/** Owners, modes and times included; shares blocks where the file system can. Replaces what is there. */
export async function copyTree(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await run('cp', ['--archive', '--reflink=auto', '--no-target-directory', from, to], { deadlineMs: COPY_MS });
}

/**
 * Atomic, so that a running gateway never reads half a file. Readable for the tenant's group. One that is right already
 * is left alone: the gateway would read it anew.
 */
export async function writeLiveConfig(path: string, content: string | Uint8Array): Promise<void> {
  if (existsSync(path) && (statSync(path).mode & 0o777) === 0o644 && readFileSync(path).equals(Buffer.from(content)))
    return;
  await writeFile(`${path}.new`, content, { mode: 0o644, flush: true });
  await chmod(`${path}.new`, 0o644);
  await rename(`${path}.new`, path);
}
