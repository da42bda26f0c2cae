import {
  compiledPackFile,
  PACK_SEALS_FILE,
  packFile,
  TEMPORAL_TREE,
  WORKER_CONFIG_FILE,
  WORKER_TREE,
} from '../core/automation.ts';
import type { Digest } from '../core/digest.ts';
import type { PackSeals } from '../core/pack-seals.ts';
import type { TrustedKey } from '../core/ports/catalogue.ts';
import type { PackRecord } from '../core/ports/registry.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { InstalledPack } from '../core/worker-protocol.ts';
import { workerConfig } from '../packs/automation.ts';

export interface AutomationParts {
  packs: readonly PackRecord[];
  worker: Digest;
  /** null where the tenant uses a cluster. */
  temporal: Digest | null;
}

export function treeDigests({ worker, temporal }: AutomationParts): Record<string, Digest> {
  return { [WORKER_TREE]: worker, ...(temporal ? { [TEMPORAL_TREE]: temporal } : {}) };
}

/** Packs with their seals, and the worker's configuration, as files of a generation. Pure. */
export function automationFiles(tenant: Tenant, { packs, worker }: AutomationParts): [path: string, bytes: Buffer][] {
  const json = (value: unknown) => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  return [
    [
      WORKER_CONFIG_FILE,
      json(
        workerConfig(
          tenant,
          packs.map((pack) => installed(tenant, pack)),
          worker,
        ),
      ),
    ],
    [PACK_SEALS_FILE, json(seals(packs))],
    ...packs.flatMap((pack): [string, Buffer][] => [
      [packFile(pack.id), Buffer.from(pack.tarball, 'base64')],
      [compiledPackFile(pack.id), Buffer.from(pack.compiled)],
    ]),
  ];
}

function installed(tenant: Tenant, { id, version, integrity, digest }: PackRecord): InstalledPack {
  const entry = tenant.packs.find((pack) => pack.id === id);
  return { id, version, integrity, digest, inputs: entry?.inputs ?? {}, enabled: entry?.enabled ?? false };
}

function seals(packs: readonly PackRecord[]): PackSeals {
  const keys = new Map(packs.map(({ keyid, publicKey }) => [keyid, trustedKey(keyid, publicKey)]));
  return {
    keys: [...keys.values()],
    packs: packs.map(({ id, name, version, integrity, signature, keyid }) => ({
      id,
      name,
      version,
      integrity,
      signature: { keyid, sig: signature },
    })),
  };
}

const trustedKey = (keyid: string, key: string): TrustedKey => ({
  keyid,
  keytype: 'ecdsa-sha2-nistp256',
  scheme: 'ecdsa-sha2-nistp256',
  key,
  expires: null,
});
