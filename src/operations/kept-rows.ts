import type { PackRecord, RegistryChanges, SecretRecord, SkillRecord } from '../core/ports/registry.ts';
import { MADE_BY_CHP } from '../core/secret-names.ts';

/** What the registry holds of a tenant beside its document, and may change along with it. */
export interface KeptRows {
  secrets: SecretRecord[];
  skills: SkillRecord[];
  packs: PackRecord[];
}

export async function rowsOf(registry: RegistryChanges, tenant: string): Promise<KeptRows> {
  const [secrets, skills, packs] = await Promise.all([
    registry.secrets(tenant),
    registry.skills(tenant),
    registry.packs(tenant),
  ]);
  return { secrets, skills, packs };
}

/** Makes the rows what they were; those that did not change keep their time. */
export async function putBack(
  registry: RegistryChanges,
  tenant: string,
  { secrets, skills, packs }: KeptRows,
): Promise<void> {
  const now = await rowsOf(registry, tenant);
  await restore(now.secrets, secrets, {
    key: ({ name }) => name,
    set: ({ updatedAt: _, rotatedFrom: __, ...secret }) => registry.setSecret(secret),
    // What chp made on the way is in use on the host by now: another one would lock the tenant out of what it encrypted.
    remove: async (name) => void (MADE_BY_CHP.has(name) || (await registry.removeSecret(tenant, name))),
  });
  await restore(now.skills, skills, {
    key: ({ name }) => name,
    set: ({ updatedAt: _, ...skill }) => registry.setSkill(skill),
    remove: (name) => registry.removeSkill(tenant, name),
  });
  await restore(now.packs, packs, {
    key: ({ id }) => id,
    set: ({ updatedAt: _, ...pack }) => registry.setPack(pack),
    remove: (id) => registry.removePack(tenant, id),
  });
}

async function restore<Row extends { updatedAt: string }>(
  now: readonly Row[],
  before: readonly Row[],
  rows: { key: (row: Row) => string; set: (row: Row) => Promise<void>; remove: (key: string) => Promise<void> },
): Promise<void> {
  const found = new Map(now.map((row) => [rows.key(row), row]));
  for (const row of before) {
    const changed = JSON.stringify(found.get(rows.key(row))) !== JSON.stringify(row);
    if (changed) await rows.set(row);
    found.delete(rows.key(row));
  }
  for (const key of found.keys()) await rows.remove(key);
}
