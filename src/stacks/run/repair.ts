import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Stack } from '@pulumi/pulumi/automation/index.js';

interface LockFile {
  pid: number;
  hostname: string;
}

interface Deployment {
  pending_operations?: { resource: { urn: string }; type: string }[];
}

/**
 * Clears what a killed run leaves in the state: locks of processes that are dead on this machine, and operations that
 * never ended. Every operation of our provider can be repeated, so what was begun is simply done again; nothing that
 * the host has is lost by forgetting that it was begun.
 */
export async function repairState(stack: Stack, tenant: string, host: string): Promise<string[]> {
  const notes = await clearDeadLocks(stack, tenant, host);
  const exported = await stack.exportStack();
  const deployment = exported.deployment as Deployment;
  if (!deployment.pending_operations?.length) return notes;
  const pending = deployment.pending_operations.map(
    ({ resource, type }) => `${type} ${resource.urn.split('::').at(-1)}`,
  );
  await stack.importStack({ ...exported, deployment: { ...deployment, pending_operations: [] } });
  return [...notes, ...pending.map((operation) => `an earlier run was cut while ${operation}; it is done again`)];
}

/** Only for the file backend: others have leases of their own. */
async function clearDeadLocks(stack: Stack, tenant: string, host: string): Promise<string[]> {
  const settings = await stack.workspace.projectSettings();
  const url = settings.backend?.url ?? '';
  if (!url.startsWith('file://')) return [];
  const dir = join(fileURLToPath(new URL(url)), '.pulumi', 'locks', 'organization', settings.name, tenant);
  const notes: string[] = [];
  for (const name of await readdir(dir).catch(() => [])) {
    const lock = JSON.parse(await readFile(join(dir, name), 'utf8')) as LockFile;
    if (lock.hostname !== host || isAlive(lock.pid)) continue;
    await rm(join(dir, name));
    notes.push(`removed the lock of a run that is dead (pid ${lock.pid})`);
  }
  return notes;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
