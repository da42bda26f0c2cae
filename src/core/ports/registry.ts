import type { Digest } from '../digest.ts';
import type { LockRollout, RolloutJournal } from './rollouts.ts';

export type TenantPhase = 'creating' | 'ready' | 'failed' | 'destroying';

export interface TenantRecord {
  name: string;
  phase: TenantPhase;
  topology: 'hub' | 'cloud' | 'hybrid';
  host: string;
  /** tenant.yaml as text, comments and all. */
  document: string;
  /** Grows by one with every saved document; for optimistic concurrency. */
  revision: number;
  /** age recipient (`age1…`), null until its identity exists. */
  recipient: string | null;
  /** PEM, Ed25519: verifies this tenant's generations. */
  signingPublicKey: string | null;
  /** What the host was last seen to run. */
  generation: Digest | null;
  createdAt: string;
  updatedAt: string;
}

export interface MemberRecord {
  tenant: string;
  id: string;
  name: string;
  role: string;
}

export interface GenerationRecord {
  tenant: string;
  digest: Digest;
  /** 1, 2, 3… per tenant. */
  number: number;
  /** SignedGeneration as JSON. */
  signed: string;
  outcome: 'pending' | 'committed' | 'reverted' | 'failed';
  reason: string | null;
  createdAt: string;
  /** Who wants it to stay on its host; null = nobody. */
  pinnedBy: string | null;
}

export type JobKind =
  | 'create'
  | 'apply'
  | 'upgrade'
  | 'destroy'
  | 'config'
  | 'secret'
  | 'skill'
  | 'member'
  | 'pack'
  | 'fix'
  | 'rollback'
  | 'generation'
  | 'backup';
export interface JobRecord {
  id: string;
  tenant: string;
  kind: JobKind;
  state: 'running' | 'done' | 'failed' | 'interrupted';
  actor: string;
  startedAt: string;
  endedAt: string | null;
  error: string | null;
  /** In order; written before each step begins (`began`) and after it ended (`ended`). */
  steps: { step: string; began: string; ended: string | null }[];
}

export interface AuditEntry {
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
  actor: string;
  action: string;
  tenant: string | null;
  /** Never secrets: names only. */
  details: Record<string, unknown>;
  /** Hash of the entry before; 64 zeros for the first. */
  previous: Digest;
  /** sha256 of the canonical JSON of all fields above. */
  hash: Digest;
  /** Ed25519 over `hash`, base64; `keyId` = first 16 hex of sha256 of the public key. */
  signature: string;
  keyId: string;
}

/** "The chain ends here", signed: without it the removal of the last entries would not be seen. */
export interface AuditHead {
  seq: number;
  hash: Digest;
  /** Ed25519, base64, over `chp-audit-head:<seq>:<hash>`. */
  signature: string;
  keyId: string;
}

/** A key that wrote to this registry: one for each operator's machine. */
export interface AuditKey {
  keyId: string;
  /** PEM */
  publicKey: string;
  addedAt: string;
}

export interface SecretRecord {
  tenant: string;
  name: string;
  /** age, armored. */
  ciphertext: string;
  /** Recipient that it is encrypted to. */
  recipient: string;
  updatedAt: string;
  rotatedFrom: string | null;
}

/** A tenant's copy of a skill: what is pushed is what was added, wherever the folder it came from is now. */
export interface SkillRecord {
  tenant: string;
  name: string;
  /** Where it was read from: `builtin:<name>` or an absolute folder. */
  source: string;
  /** Digest of the canonical JSON of `files`. */
  digest: Digest;
  /** Canonical JSON of [{path, mode, base64}]; ≤ 2 MiB. */
  files: string;
  updatedAt: string;
}

/** The lock of an installed pack: exactly what was verified and is pushed, wherever the catalogue is now. */
export interface PackRecord {
  tenant: string;
  id: string;
  /** In the catalogue: `<scope>/<id>`. */
  name: string;
  version: string;
  /** Name of the catalogue it came from. */
  catalogue: string;
  /** `sha512-…` of the tarball. */
  integrity: string;
  /** As in the packument (base64), and the key that it verified with. */
  signature: string;
  keyid: string;
  /** SPKI, base64. */
  publicKey: string;
  /** base64; ≤ 1 MiB. */
  tarball: string;
  /** CompiledPack as JSON. */
  compiled: string;
  /** Digest of the compiled pack. */
  digest: Digest;
  updatedAt: string;
}

export interface LockHolder {
  actor: string;
  host: string;
  pid: number;
  what: string;
  since: string;
}

/** Released by the kernel (flock) or by the database session (advisory lock) when the process dies. */
export interface HeldLock extends AsyncDisposable {
  release(): Promise<void>;
}

/** What can be done within one transaction. */
export type RegistryChanges = Omit<
  Registry,
  'location' | 'lock' | 'lockRollout' | 'together' | 'close' | typeof Symbol.asyncDispose
>;

/** Tenants, members, generations, jobs, secrets (ciphertext), locks, audit: on SQLite or Postgres, the same behaviour. */
export interface Registry extends AsyncDisposable, RolloutJournal {
  readonly location: string;
  /** One at a time: a document that depends on the other tenants is made when no other can come. @throws TENANT_EXISTS */
  createTenant(
    record: Pick<TenantRecord, 'name' | 'topology' | 'host'> & {
      document: string | ((others: readonly TenantRecord[]) => string);
    },
    members: Omit<MemberRecord, 'tenant'>[],
  ): Promise<TenantRecord>;
  /** @throws TENANT_NOT_FOUND with near names in `next` */
  tenant(name: string): Promise<TenantRecord>;
  tenants(): Promise<TenantRecord[]>;
  /** Saves document and members in one transaction. @throws CONFLICT when `revision` is not the stored one. */
  saveDocument(
    name: string,
    document: string,
    revision: number,
    members: Omit<MemberRecord, 'tenant'>[],
  ): Promise<TenantRecord>;
  updateTenant(
    name: string,
    change: Partial<Pick<TenantRecord, 'phase' | 'host' | 'recipient' | 'signingPublicKey' | 'generation'>>,
  ): Promise<void>;
  /** Removes the tenant and all rows but jobs and audit. */
  removeTenant(name: string): Promise<void>;
  members(tenant: string): Promise<MemberRecord[]>;

  /** `source`: what it was made of (operations/generation-source.ts). */
  addGeneration(tenant: string, digest: Digest, signed: string, source?: string): Promise<GenerationRecord>;
  /** The same generation may be made of another document, with other comments: what was pushed last counts. */
  setGenerationSource(tenant: string, digest: Digest, source: string): Promise<void>;
  /** null = it was made by a chp that did not keep it, or long ago. */
  generationSource(tenant: string, digest: Digest): Promise<string | null>;
  pinGeneration(tenant: string, digest: Digest, pinnedBy: string | null): Promise<void>;
  setGenerationOutcome(
    tenant: string,
    digest: Digest,
    outcome: GenerationRecord['outcome'],
    reason?: string,
  ): Promise<void>;
  generations(tenant: string): Promise<GenerationRecord[]>;
  /** null = it never was one of this tenant's. */
  generation(tenant: string, digest: Digest): Promise<GenerationRecord | null>;

  /** `id`: one that was given from outside; a job of that name that was cut or failed is taken up again. @throws CONFLICT when it is another's */
  startJob(tenant: string, kind: JobKind, actor: string, id?: string): Promise<JobRecord>;
  beginStep(job: string, step: string): Promise<void>;
  /** `at`: ISO 8601, when it ended before now. */
  endStep(job: string, step: string, at?: string): Promise<void>;
  endJob(job: string, state: 'done' | 'failed', error?: string): Promise<void>;
  /** Jobs still `running` although nobody holds the tenant's lock: called with the lock held. Marks them interrupted. */
  interruptedJobs(tenant: string): Promise<JobRecord[]>;
  jobs(tenant?: string): Promise<JobRecord[]>;

  setSecret(record: Omit<SecretRecord, 'updatedAt' | 'rotatedFrom'>): Promise<void>;
  secrets(tenant: string): Promise<SecretRecord[]>;
  removeSecret(tenant: string, name: string): Promise<void>;

  setSkill(record: Omit<SkillRecord, 'updatedAt'>): Promise<void>;
  skills(tenant: string): Promise<SkillRecord[]>;
  removeSkill(tenant: string, name: string): Promise<void>;

  setPack(record: Omit<PackRecord, 'updatedAt'>): Promise<void>;
  packs(tenant: string): Promise<PackRecord[]>;
  removePack(tenant: string, id: string): Promise<void>;

  /** @throws LOCKED with holder and age when not free within `waitMs`. `onWait` is told who holds it. */
  lock(
    tenant: string,
    what: string,
    options: { waitMs: number; onWait?: (holder: LockHolder) => void },
  ): Promise<HeldLock>;
  /** As `lock`, for a rollout's id: whoever holds it runs the rollout. */
  lockRollout: LockRollout;

  /**
   * Several changes as one transaction, which is one wait for the disk. `work` may run again after a deadlock: it must
   * do nothing but use what it is given.
   */
  together<T>(work: (registry: RegistryChanges) => Promise<T>): Promise<T>;

  appendAudit(entry: Pick<AuditEntry, 'actor' | 'action' | 'tenant' | 'details'>): Promise<AuditEntry>;
  /** Oldest first; `limit` keeps the last ones. Only an unfiltered chain can be verified. */
  audit(filter?: { tenant?: string; limit?: number }): Promise<AuditEntry[]>;
  /** null while nothing was written, or when somebody removed it. */
  auditHead(): Promise<AuditHead | null>;
  auditKeys(): Promise<AuditKey[]>;

  close(): Promise<void>;
}
