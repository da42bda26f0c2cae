import { append, editDocument, removeEntry } from '../adapters/documents/edit-tenant.ts';
import { parseTenant } from '../adapters/documents/tenant-document.ts';
import { identifySkill } from '../adapters/skills/resolve.ts';
import { ChpError } from '../core/errors.ts';
import type { SkillRecord } from '../core/ports/registry.ts';
import type { Context } from './context.ts';
import { type EditOutcome, editTenantDocument } from './edit-tenant.ts';
import { assertHasSkill, storeSkills } from './store-skills.ts';

const file = (name: string): string => `${name}/tenant.yaml`;

/** Adds a skill (`builtin:<name>` or a folder) and pushes it. @throws CONFLICT when there is one of that name */
export async function addSkill(context: Context, name: string, source: string, stage: boolean): Promise<EditOutcome> {
  const skill = await identifySkill(source, process.cwd());
  return editTenantDocument(context, name, { kind: 'skill', details: { add: skill.name }, stage }, async (document) => {
    if (parseTenant(document, file(name)).tenant.skills.some((known) => known.name === skill.name))
      throw new ChpError('CONFLICT', `${name} has a skill "${skill.name}" already`, {
        next: [`chp skill push ${name} ${skill.name}`],
      });
    const text = editDocument(document, file(name), (yaml) => append(yaml, 'skills', skill));
    await storeSkills(await context.registry(), parseTenant(text, file(name)).tenant, '.', false);
    return text;
  });
}

/** @throws NOT_FOUND */
export function removeSkill(context: Context, name: string, skill: string, stage: boolean): Promise<EditOutcome> {
  return editTenantDocument(context, name, { kind: 'skill', details: { remove: skill }, stage }, async (document) => {
    assertHasSkill(parseTenant(document, file(name)).tenant, skill);
    return editDocument(document, file(name), (yaml) => void removeEntry(yaml, 'skills', 'name', skill));
  });
}

/** Reads the skills' folders anew and pushes what changed. */
export async function pushSkills(context: Context, name: string, skill: string | undefined): Promise<EditOutcome> {
  return editTenantDocument(
    context,
    name,
    { kind: 'skill', details: { push: skill ?? 'all' }, stage: false, alsoChanged: true },
    async (document) => {
      const { tenant } = parseTenant(document, file(name));
      if (skill) assertHasSkill(tenant, skill);
      await storeSkills(await context.registry(), tenant, '.', true);
      return document;
    },
  );
}

export async function listSkills(context: Context, name: string): Promise<Omit<SkillRecord, 'files'>[]> {
  const registry = await context.registry();
  await registry.tenant(name);
  return (await registry.skills(name)).map(({ files: _, ...skill }) => skill);
}
