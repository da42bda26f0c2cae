import type { AuditSigner } from '../../core/audit.ts';
import type { AuditEntry, Registry, RegistryChanges } from '../../core/ports/registry.ts';
import type { Redactor } from '../../core/redact.ts';
import type { Backend } from './backend.ts';
import * as auditLog from './queries/audit.ts';
import * as generations from './queries/generations.ts';
import * as jobs from './queries/jobs.ts';
import * as packs from './queries/packs.ts';
import * as rollouts from './queries/rollouts.ts';
import * as kept from './queries/secrets-skills.ts';
import * as tenants from './queries/tenants.ts';

export interface RegistryParts {
  backend: Backend;
  /** Called by the first audit entry: a command that only reads needs no key. */
  signer: () => AuditSigner;
  redactor: Redactor;
  /** Told of each entry once it is durable. */
  onAudit: (entry: AuditEntry) => void;
}

/** The Registry port over either database. Free text is redacted on its way in. */
export function makeRegistry({ backend, signer, redactor, onAudit }: RegistryParts): Registry {
  const close = () => backend.close();
  let key: AuditSigner | undefined;
  const shared = {
    serialise: backend.serialise,
    redactor,
    signer: () => {
      key ??= signer();
      return key;
    },
  };
  return {
    location: backend.location,
    ...changes({ ...shared, read: backend.read, write: backend.write, onAudit }),
    together: async (work) => {
      let made: AuditEntry[] = [];
      const result = await backend.write((tx) => {
        made = [];
        return work(
          changes({
            ...shared,
            read: (query) => query(tx),
            write: (query) => query(tx),
            onAudit: (entry) => void made.push(entry),
          }),
        );
      });
      for (const entry of made) onAudit(entry);
      return result;
    },
    lock: backend.lock,
    lockRollout: backend.lockRollout,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Access
  extends Pick<RegistryParts, 'signer' | 'redactor' | 'onAudit'>,
    Pick<Backend, 'read' | 'write' | 'serialise'> {}

function changes({ read, write, serialise, signer, redactor, onAudit }: Access): RegistryChanges {
  return {
    createTenant: (record, members) =>
      write(async (tx) => {
        await serialise(tx, 'tenants');
        return tenants.createTenant(tx, record, members);
      }),
    tenant: (name) => read((db) => tenants.tenant(db, name)),
    tenants: () => read((db) => tenants.tenants(db)),
    saveDocument: (name, document, revision, members) =>
      write((tx) => tenants.saveDocument(tx, name, document, revision, members)),
    updateTenant: (name, change) => write((tx) => tenants.updateTenant(tx, name, change)),
    removeTenant: (name) => write((tx) => tenants.removeTenant(tx, name)),
    members: (tenant) => read((db) => tenants.members(db, tenant)),

    addGeneration: (tenant, digest, signed, source) =>
      write(async (tx) => {
        await serialise(tx, `generation:${tenant}`);
        const added = await generations.addGeneration(tx, tenant, digest, signed);
        if (source !== undefined) await generations.setGenerationSource(tx, tenant, digest, source);
        return added;
      }),
    setGenerationSource: (tenant, digest, source) =>
      write((tx) => generations.setGenerationSource(tx, tenant, digest, source)),
    generationSource: (tenant, digest) => read((db) => generations.generationSource(db, tenant, digest)),
    pinGeneration: (tenant, digest, pinnedBy) =>
      write((tx) => generations.pinGeneration(tx, tenant, digest, redactor.json(pinnedBy))),
    setGenerationOutcome: (tenant, digest, outcome, reason) =>
      write((tx) => generations.setGenerationOutcome(tx, tenant, digest, outcome, redactor.json(reason ?? null))),
    generations: (tenant) => read((db) => generations.generations(db, tenant)),
    generation: (tenant, digest) => read((db) => generations.generation(db, tenant, digest)),

    startJob: (tenant, kind, actor, id) => write((tx) => jobs.startJob(tx, tenant, kind, actor, id)),
    beginStep: (job, step) => write((tx) => jobs.beginStep(tx, job, step)),
    endStep: (job, step, at) => write((tx) => jobs.endStep(tx, job, step, at)),
    endJob: (job, state, error) => write((tx) => jobs.endJob(tx, job, state, redactor.json(error ?? null))),
    interruptedJobs: (tenant) => write((tx) => jobs.interruptedJobs(tx, tenant)),
    jobs: (tenant) => read((db) => jobs.jobs(db, tenant)),

    createRollout: (spec, actor, tenants) =>
      write((tx) => rollouts.createRollout(tx, redactor.json(spec), actor, tenants)),
    rollout: (id) => read((db) => rollouts.rollout(db, id)),
    rollouts: () => read((db) => rollouts.rollouts(db)),
    rolloutTenants: (id) => read((db) => rollouts.rolloutTenants(db, id)),
    askRollout: (id, wanted) => write((tx) => rollouts.askRollout(tx, id, wanted)),
    takeRollout: (id, options) => write((tx) => rollouts.takeRollout(tx, id, options)),
    beginRolloutTenant: (id, epoch, tenant) => write((tx) => rollouts.beginRolloutTenant(tx, id, epoch, tenant)),
    endRolloutTenant: (id, tenant, attempt, end) =>
      write((tx) => rollouts.endRolloutTenant(tx, id, tenant, attempt, redactor.json(end))),
    checkedRolloutTenant: (id, epoch, tenant, failure) =>
      write((tx) => rollouts.checkedRolloutTenant(tx, id, epoch, tenant, redactor.json(failure))),
    endRollout: (id, epoch, state, reason) =>
      write((tx) => rollouts.endRollout(tx, id, epoch, state, redactor.json(reason))),

    setSecret: (record) => write((tx) => kept.setSecret(tx, record)),
    secrets: (tenant) => read((db) => kept.secrets(db, tenant)),
    removeSecret: (tenant, name) => write((tx) => kept.removeSecret(tx, tenant, name)),
    setSkill: (record) => write((tx) => kept.setSkill(tx, record)),
    skills: (tenant) => read((db) => kept.skills(db, tenant)),
    removeSkill: (tenant, name) => write((tx) => kept.removeSkill(tx, tenant, name)),
    setPack: (record) => write((tx) => packs.setPack(tx, record)),
    packs: (tenant) => read((db) => packs.packs(db, tenant)),
    removePack: (tenant, id) => write((tx) => packs.removePack(tx, tenant, id)),

    async appendAudit({ actor, action, tenant, details }) {
      const signedBy = signer();
      const clean = redactor.json({ actor, action, tenant, details });
      const made = await write(async (tx) => {
        await serialise(tx, 'audit');
        return auditLog.appendAudit(tx, clean, signedBy);
      });
      onAudit(made);
      return made;
    },
    audit: (filter) => read((db) => auditLog.audit(db, filter)),
    auditHead: () => read((db) => auditLog.auditHead(db)),
    auditKeys: () => read((db) => auditLog.auditKeys(db)),
  };
}
