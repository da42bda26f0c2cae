import { randomBytes } from 'node:crypto';
import type {
  Backup,
  BackupCreated,
  BackupDrilled,
  BackupRepository,
  BackupRestored,
  BackupVerified,
  BackupWork,
} from '../core/backups.ts';
import { ChpError } from '../core/errors.ts';
import type { StepHandle } from '../core/ports/progress.ts';
import { BACKUP_KEY } from '../core/secret-names.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { Context } from './context.ts';
import { loadTenant } from './edit-tenant.ts';
import { installedAgent } from './installed-agent.ts';
import { openForLook } from './known-host.ts';
import { storeSecret } from './store-secret.ts';
import { withTenantJob } from './tenant-job.ts';

interface OfTenant {
  tenant: string;
  /** Where they are; null = in the tenant's own folder on its host. */
  place: string | null;
}

/** Makes a backup on the host. @throws HOST_UNFIT where restic is not there, or the disk is full */
export async function createTenantBackup(context: Context, name: string): Promise<OfTenant & BackupCreated> {
  const { tenant } = await loadTenant(context, name);
  const { last, daily, weekly } = tenant.backups;
  const made = await change<BackupCreated>(context, tenant, 'Back up', {
    work: 'create',
    keep: { last, daily, weekly },
  });
  await record(context, name, 'backup.created', { id: made.id, bytes: made.addedBytes, generation: made.generation });
  return made;
}

/** Oldest first. */
export async function listTenantBackups(context: Context, name: string): Promise<OfTenant & { backups: Backup[] }> {
  const { tenant } = await loadTenant(context, name);
  const backups = await ask<Backup[]>(context, tenant, 'Read the list of backups', { work: 'list' });
  return { tenant: name, place: tenant.backups.to, backups };
}

/** Reads every byte of the repository and restores the newest backup to look at it. @throws INTEGRITY, NOT_FOUND */
export async function verifyTenantBackups(context: Context, name: string): Promise<OfTenant & BackupVerified> {
  const { tenant } = await loadTenant(context, name);
  const verified = await change<BackupVerified>(context, tenant, 'Read the backups', { work: 'verify' });
  await record(context, name, 'backup.verified', { backups: verified.backups });
  return verified;
}

/** Puts sessions and workspace back from a backup; when the gateway then does not answer, what was there comes back. */
export async function restoreTenantBackup(
  context: Context,
  name: string,
  id: string | null,
): Promise<OfTenant & BackupRestored> {
  const { tenant } = await loadTenant(context, name);
  const restored = await change<BackupRestored>(context, tenant, 'Restore', { work: 'restore', id });
  const { backup, applied } = restored;
  await record(context, name, 'backup.restored', { id: backup.id, outcome: applied.outcome });
  if (applied.outcome !== 'reverted') return restored;
  throw new ChpError('UNHEALTHY', `${name}: what was restored does not run, and what was there is back`, {
    why: applied.reason ?? 'A check failed.',
    next: [`chp logs ${name} gateway`, `chp backup list ${name}`],
    details: { checks: applied.checks },
  });
}

/** Restores a backup into a scratch folder on the host, starts it there without channels, and drives a turn. */
export async function drillTenantBackup(
  context: Context,
  name: string,
  id: string | null,
): Promise<OfTenant & BackupDrilled> {
  const { tenant } = await loadTenant(context, name);
  const drilled = await change<BackupDrilled>(context, tenant, 'Start a backup beside what runs', {
    work: 'drill',
    id,
  });
  await record(context, name, 'backup.drilled', { id: drilled.backup.id });
  return drilled;
}

async function change<T>(context: Context, tenant: Tenant, title: string, work: BackupWork): Promise<OfTenant & T> {
  const result = await withTenantJob(context, tenant.name, 'backup', { work: work.work }, (job) =>
    job.step(work.work, () => ask<T>(context, tenant, title, work)),
  );
  return { tenant: tenant.name, place: tenant.backups.to, ...result };
}

async function ask<T>(context: Context, tenant: Tenant, title: string, work: BackupWork): Promise<T> {
  const repository: BackupRepository = { to: tenant.backups.to, key: await keyOf(context, tenant.name) };
  return context.progress.step(title, async (step) => {
    await using link = await openForLook(context, tenant);
    return await installedAgent(link, tenant).backup<T>(tenant.name, repository, work, (event) => show(step, event));
  });
}

/** Made once, with the first backup: with another one they could no longer be read. */
async function keyOf(context: Context, name: string): Promise<string> {
  const registry = await context.registry();
  const find = async () => (await registry.secrets(name)).find((secret) => secret.name === BACKUP_KEY)?.ciphertext;
  const known = await find();
  if (known !== undefined) return known;
  const { recipient } = await registry.tenant(name);
  if (!recipient) throw new ChpError('CONFLICT', `${name} has no identity yet`, { next: [`chp tenant apply ${name}`] });
  await storeSecret(registry, name, recipient, BACKUP_KEY, randomBytes(32).toString('base64'));
  return (await find()) ?? '';
}

async function record(
  context: Context,
  tenant: string,
  action: string,
  details: Record<string, unknown>,
): Promise<void> {
  await (await context.registry()).appendAudit({ actor: context.actor, action, tenant, details });
}

function show(step: StepHandle, event: { event: string; step?: string }): void {
  if (event.event === 'step' && event.step) step.says(event.step);
}
