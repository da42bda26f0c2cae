import { existsSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import { run } from './run.ts';

/**
 * What must come back when generation `next` fails: the live config always, the gateway's state when the runtime
 * changes (a new runtime may migrate it one way). Services must be stopped for the state.
 */
export async function takeSnapshot(root: string, tenant: string, next: Digest, withState: boolean): Promise<void> {
  const layout = tenantLayout(root, tenant);
  const final = join(layout.snapshots, next);
  const temporary = `${final}.new`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  if (existsSync(layout.config))
    await writeFile(join(temporary, 'gateway.json'), await readFile(layout.config), { mode: 0o600, flush: true });
  if (withState && existsSync(layout.state))
    await run('cp', ['--archive', '--reflink=auto', layout.state, join(temporary, 'state')], { deadlineMs: 600_000 });
  await rm(final, { recursive: true, force: true });
  await rename(temporary, final);
}

/** Was the gateway's state kept, too? */
export const hasStateSnapshot = (root: string, tenant: string, failed: Digest): boolean =>
  existsSync(join(tenantLayout(root, tenant).snapshots, failed, 'state'));

/** Puts back what `takeSnapshot` kept. May be run again after a cut. */
export async function restoreSnapshot(root: string, tenant: string, failed: Digest): Promise<void> {
  const layout = tenantLayout(root, tenant);
  const from = join(layout.snapshots, failed);
  if (existsSync(join(from, 'gateway.json')))
    await writeLiveConfig(layout.config, await readFile(join(from, 'gateway.json')));
  else if (existsSync(from)) await rm(layout.config, { force: true });
  if (!existsSync(join(from, 'state'))) return;
  await rm(`${layout.state}.restored`, { recursive: true, force: true });
  await run('cp', ['--archive', '--reflink=auto', join(from, 'state'), `${layout.state}.restored`], {
    deadlineMs: 600_000,
  });
  await rm(`${layout.state}.failed`, { recursive: true, force: true });
  if (existsSync(layout.state)) await rename(layout.state, `${layout.state}.failed`);
  await rename(`${layout.state}.restored`, layout.state);
  await rm(`${layout.state}.failed`, { recursive: true, force: true });
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
