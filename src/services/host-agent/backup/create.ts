import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupCreated, BackupRetention } from '../../../core/backups.ts';
import type { SignedGeneration } from '../../../core/generation.ts';
import { tenantLayout } from '../../../core/host-layout.ts';
import type { Activation } from '../activation.ts';
import { copyTree } from '../snapshot.ts';
import type { Restic } from './restic.ts';

/** What is in a backup: all that is the family's. What packs have done is in it, too, and is never put back over newer. */
const PARTS = ['state', 'home', 'automation', 'ledger'] as const;

/**
 * Makes a backup: everything is stopped for as long as a copy takes, so that files and databases are of one moment; what
 * then is encrypted and stored is the copy. Cut while all is stopped, the host starts it again by itself.
 */
export async function createBackup(
  root: string,
  signed: SignedGeneration,
  activation: Activation,
  restic: Restic,
  keep: BackupRetention,
): Promise<BackupCreated> {
  const { tenant, runtime } = signed.manifest;
  const layout = tenantLayout(root, tenant);
  const copy = join(layout.backups, 'copy');
  await rm(copy, { recursive: true, force: true });
  await mkdir(copy, { recursive: true, mode: 0o700 });
  try {
    await restic.prepare();
    const at = new Date().toISOString();
    const awayMs = await activation.whileStopped(async () => {
      for (const part of PARTS) if (existsSync(layout[part])) await copyTree(layout[part], join(copy, part));
    });
    await writeFile(join(copy, 'generation.json'), JSON.stringify(signed), { mode: 0o600 });
    const name = `${runtime.name}@${runtime.version}`;
    const made = await restic.create(copy, { generation: signed.digest, runtime: name });
    return { ...made, at, generation: signed.digest, runtime: name, awayMs, removed: await restic.forget(keep) };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
