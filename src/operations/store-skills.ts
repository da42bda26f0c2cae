import { resolveSkill } from '../adapters/skills/resolve.ts';
import { canonicalJson, sha256 } from '../core/digest.ts';
import { ChpError } from '../core/errors.ts';
import type { Registry } from '../core/ports/registry.ts';
import type { Tenant } from '../core/tenant/schema.ts';
import type { SkillFile } from './build-generation.ts';

/** A skill's files as the registry keeps them. @throws BAD_INPUT, NOT_FOUND when the folder is no skill */
export async function readSkill(
  skill: { name: string; source: string },
  baseDir: string,
): Promise<{ digest: string; files: string }> {
  const resolved = await resolveSkill(skill, baseDir);
  const files: SkillFile[] = resolved.files.map(({ path, mode, bytes }) => ({
    path,
    mode,
    base64: Buffer.from(bytes).toString('base64'),
  }));
  const text = canonicalJson(files);
  return { digest: sha256(text), files: text };
}

/**
 * Brings the registry's copies in line with the document: reads what is not there yet (or all, with `refresh`) and
 * drops what the document no longer names.
 *
 * @returns names of skills whose content is new or different
 */
export async function storeSkills(
  registry: Registry,
  tenant: Tenant,
  baseDir: string,
  refresh: boolean,
): Promise<string[]> {
  const kept = new Map((await registry.skills(tenant.name)).map((skill) => [skill.name, skill]));
  const changed: string[] = [];
  for (const skill of tenant.skills) {
    const old = kept.get(skill.name);
    kept.delete(skill.name);
    if (old && old.source === skill.source && !refresh) continue;
    const read = await readSkill(skill, baseDir);
    if (old?.digest === read.digest && old.source === skill.source) continue;
    await registry.setSkill({ tenant: tenant.name, ...skill, ...read });
    changed.push(skill.name);
  }
  for (const name of kept.keys()) await registry.removeSkill(tenant.name, name);
  return changed;
}

/** @throws NOT_FOUND */
export function assertHasSkill(tenant: Tenant, name: string): void {
  if (tenant.skills.some((skill) => skill.name === name)) return;
  throw new ChpError('NOT_FOUND', `${tenant.name} has no skill "${name}"`, { next: [`chp skill list ${tenant.name}`] });
}
