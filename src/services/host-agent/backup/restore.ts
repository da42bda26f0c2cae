import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backup, BackupRestored, BackupVerified } from '../../../core/backups.ts';
import { ChpError } from '../../../core/errors.ts';
import type { SignedGeneration } from '../../../core/generation.ts';
import { tenantLayout } from '../../../core/host-layout.ts';
import type { Activation, ActivationEvents } from '../activation.ts';
import { messagesBySession } from '../rewind.ts';
import { type Restic, sizeOf } from './restic.ts';

/** Folder among the snapshots that a backup is written to. Retention takes it for a half-written one, and removes it. */
const RESTORED = 'restored.new';

/**
 * Puts state and workspace back from a backup, as an activation of what runs: all is stopped, swapped, started and
 * checked, or what was there comes back. What stands for others (WhatsApp's keys…) stays as it is, where it is there.
 *
 * @throws CONFLICT when the backup is of another program than the one that runs
 */
export async function restoreBackup(
  root: string,
  signed: SignedGeneration,
  activation: Activation,
  restic: Restic,
  id: string | null,
  events: ActivationEvents,
): Promise<BackupRestored> {
  const { tenant, runtime } = signed.manifest;
  const { snapshots, state } = tenantLayout(root, tenant);
  const backup = await restic.find(id);
  if (backup.runtime !== `${runtime.name}@${runtime.version}`)
    throw new ChpError('CONFLICT', `the backup is of ${backup.runtime}, and ${runtime.name}@${runtime.version} runs`, {
      why: 'One can’t be relied upon to read the state of the other.',
      next: [`chp rollback ${tenant} --to ${backup.generation.slice(0, 12)}`, 'Then run the same command again.'],
    });
  const dir = join(snapshots, RESTORED);
  await rm(dir, { recursive: true, force: true });
  try {
    await restic.restore(backup.id, dir);
    if (!existsSync(join(dir, 'state'))) throw new ChpError('INTEGRITY', `the backup ${backup.id} holds no state`);
    const applied = await activation.apply(signed, events, { state: 'restore', from: RESTORED });
    return { backup, applied, ...counted(state) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Reads every byte of the repository, then restores the newest backup and looks at it. @throws INTEGRITY, NOT_FOUND */
export async function verifyBackups(root: string, tenant: string, restic: Restic): Promise<BackupVerified> {
  const dir = join(tenantLayout(root, tenant).backups, 'read-back');
  await restic.verify();
  const newest: Backup = await restic.find(null);
  await rm(dir, { recursive: true, force: true });
  try {
    await restic.restore(newest.id, dir);
    const { bytes: readBytes, files } = await sizeOf(dir);
    if (!existsSync(join(dir, 'generation.json')))
      throw new ChpError('INTEGRITY', `the backup ${newest.id} does not hold what was backed up`);
    return { backups: (await restic.list()).length, readBytes, files };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Sessions and messages in a state, as far as they can be counted. */
export function counted(state: string): { sessions: number; messages: number } {
  const all = [...(messagesBySession(state) ?? new Map<string, number>()).values()];
  return { sessions: all.length, messages: all.reduce((sum, count) => sum + count, 0) };
}
