import type { ApplyResult, CheckResult } from './agent-protocol.ts';
import type { Digest } from './digest.ts';

/** Where a tenant's backups are, as its host is told. */
export interface BackupRepository {
  /** A folder of the host, `sftp:…` or `rest:…`; null = in the tenant's own folder there. */
  to: string | null;
  /** The key that they are encrypted with: age, armored, to the host's recipient. */
  key: string;
}

/** How many backups are kept. */
export interface BackupRetention {
  last: number;
  daily: number;
  weekly: number;
}

export type BackupWork =
  | { work: 'create'; keep: BackupRetention }
  | { work: 'list' }
  | { work: 'verify' }
  /** `id` null = the newest. */
  | { work: 'restore'; id: string | null }
  | { work: 'drill'; id: string | null };

/** One backup. */
export interface Backup {
  id: string;
  /** ISO 8601. */
  at: string;
  /** What ran: its state is of this program. */
  generation: Digest;
  runtime: string;
}

export interface BackupCreated extends Backup {
  /** Bytes that were new, as stored. */
  addedBytes: number;
  files: number;
  /** How long the gateway was away. */
  awayMs: number;
  /** Backups that retention removed. */
  removed: number;
}

export interface BackupVerified {
  backups: number;
  /** Bytes of the newest backup that were read back, and files. */
  readBytes: number;
  files: number;
}

export interface BackupRestored {
  backup: Backup;
  applied: ApplyResult;
  sessions: number;
  messages: number;
}

/** A restore into a scratch folder, whose gateway was started beside the running one and driven. */
export interface BackupDrilled {
  backup: Backup;
  checks: CheckResult[];
  sessions: number;
  messages: number;
  ms: number;
}
