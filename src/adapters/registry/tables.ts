import type { Kysely, Transaction } from 'kysely';
import type {
  AuditEntry,
  AuditHead,
  AuditKey,
  GenerationRecord,
  JobRecord,
  LockHolder,
  MemberRecord,
  PackRecord,
  SecretRecord,
  SkillRecord,
  TenantRecord,
} from '../../core/ports/registry.ts';
import type { RolloutRecord, RolloutTenantRecord } from '../../core/ports/rollouts.ts';

/** Rows as stored: names are snake_case in the database, camelCase here (kysely's plugin). Times are ISO 8601 text. */
export interface Tables {
  tenants: TenantRecord;
  members: MemberRecord & { position: number };
  generations: GenerationRecord;
  generationSources: { tenant: string; digest: string; source: string };
  jobs: Omit<JobRecord, 'steps'>;
  jobSteps: { job: string; position: number; step: string; began: string; ended: string | null };
  secrets: SecretRecord;
  skills: SkillRecord;
  packs: PackRecord;
  rollouts: Omit<RolloutRecord, 'spec'> & { spec: string };
  rolloutTenants: RolloutTenantRecord;
  /** `details` is canonical JSON as text: a database that normalises JSON would break the hash. */
  audit: Omit<AuditEntry, 'details'> & { details: string };
  auditHead: AuditHead & { id: 1 };
  auditKeys: AuditKey;
  /** Postgres only. `backendPid` ties the row to the session that holds the advisory lock. */
  locks: LockHolder & { tenant: string; backendPid: number };
}

export type Db = Kysely<Tables>;
export type Tx = Transaction<Tables>;
