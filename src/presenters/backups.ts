import type { Backup, BackupCreated, BackupDrilled, BackupRestored, BackupVerified } from '../core/backups.ts';
import { table } from './table.ts';
import { presentChecks } from './tenant.ts';

const day = (at: string): string => at.slice(0, 16).replace('T', ' ');
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const where = (place: string | null): string => place ?? 'the tenant’s own folder on its host';

export function presentBackups({
  tenant,
  place,
  backups,
}: {
  tenant: string;
  place: string | null;
  backups: Backup[];
}): string {
  if (backups.length === 0) return `${tenant} has no backup yet: chp backup create ${tenant}`;
  const rows = backups.map(({ id, at, runtime, generation }) => [id, day(at), runtime, generation.slice(0, 12)]);
  return `${table(['Id', 'Of', 'Runtime', 'Generation'], rows)}\nThey are in ${where(place)}.`;
}

export const presentBackup = ({
  tenant,
  place,
  id,
  addedBytes,
  files,
  awayMs,
  removed,
}: BackupCreated & { tenant: string; place: string | null }): string =>
  `${tenant}: backup ${id} (${files} files, ${mb(addedBytes)} new) in ${where(place)}; the gateway was away for ${(awayMs / 1000).toFixed(1)} s${removed > 0 ? `; ${removed} old removed` : ''}`;

export const presentVerified = ({ tenant, backups, readBytes, files }: BackupVerified & { tenant: string }): string =>
  `${tenant}: ${backups} backups, every byte is right; the newest was read back (${files} files, ${mb(readBytes)}). Not started: chp backup drill ${tenant}`;

export const presentRestored = ({
  tenant,
  backup,
  applied,
  sessions,
  messages,
}: BackupRestored & { tenant: string }): string =>
  [
    `${tenant} has sessions and workspace of ${day(backup.at)} again: ${sessions} sessions, ${messages} messages`,
    presentChecks(applied.checks),
  ].join('\n');

export const presentDrilled = ({
  tenant,
  backup,
  checks,
  sessions,
  messages,
  ms,
}: BackupDrilled & { tenant: string }): string =>
  [
    `${tenant}: backup ${backup.id} of ${day(backup.at)} starts and answers (${sessions} sessions, ${messages} messages, ${(ms / 1000).toFixed(0)} s)`,
    presentChecks(checks),
  ].join('\n');
