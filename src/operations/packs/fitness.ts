import { frontmatter } from '../../adapters/skills/frontmatter.ts';
import { builtinSkills } from '../../adapters/skills/resolve.ts';
import { ChpError } from '../../core/errors.ts';
import type { PackRecord, SkillRecord } from '../../core/ports/registry.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import type { CompiledPack } from '../../packs/compiled.ts';
import { resolveInputs } from '../../packs/inputs.ts';
import { missingFor } from '../../packs/requirements.ts';
import { startCycle } from '../../packs/start-cycles.ts';
import type { SkillFile } from '../build-generation.ts';
import type { Context } from '../context.ts';

/** @throws BAD_INPUT naming everything that the packs require and the tenant lacks, each with its command */
export async function assertProvided(
  context: Context,
  tenant: Tenant,
  packs: readonly Pick<PackRecord, 'id' | 'compiled'>[],
): Promise<void> {
  const registry = await context.registry();
  const [skills, secrets, builtin] = await Promise.all([
    registry.skills(tenant.name),
    registry.secrets(tenant.name),
    builtinSkills(),
  ]);
  const provided = {
    tenant,
    skills: new Map(skills.map((skill) => [skill.name, versionOf(skill)])),
    secrets: new Set(secrets.map(({ name }) => name)),
    builtin,
  };
  const missing = packs.flatMap(({ id, compiled }) =>
    missingFor(JSON.parse(compiled) as CompiledPack, provided).map((one) => ({ pack: id, ...one })),
  );
  if (missing.length === 0) return;
  throw new ChpError(
    'BAD_INPUT',
    `${tenant.name} lacks what ${[...new Set(missing.map(({ pack }) => pack))].join(', ')} needs: ${[...new Set(missing.map(({ what }) => what))].join(', ')}`,
    {
      why: 'Nothing was changed.',
      next: [...new Set(missing.map(({ command }) => command))],
      details: { missing },
    },
  );
}

/** @throws BAD_INPUT naming every input that is missing or wrong */
export function assertInputs(tenant: Tenant, packs: readonly PackRecord[]): void {
  const members = tenant.members.map(({ id }) => id);
  const problems = packs.flatMap(({ id, compiled }) => {
    const { inputs = {} } = JSON.parse(compiled) as CompiledPack;
    const given = tenant.packs.find((entry) => entry.id === id)?.inputs ?? {};
    return resolveInputs(inputs, given, members).problems.map((problem) => ({ pack: id, ...problem }));
  });
  if (problems.length === 0) return;
  throw new ChpError('BAD_INPUT', problems.map(({ pack, message }) => `${pack}: ${message}`).join('; '), {
    why: 'Nothing was changed.',
    next: [
      ...new Set(problems.map(({ pack, input }) => `chp pack install ${tenant.name} ${pack} --input ${input}=VALUE`)),
    ],
    details: { problems },
  });
}

/** @throws BAD_INPUT when packs start each other: each was linted by itself, and by themselves they are fine */
export function assertNoCycle(packs: readonly PackRecord[]): void {
  const cycle = startCycle(packs.map(({ compiled }) => JSON.parse(compiled) as CompiledPack));
  if (!cycle) return;
  throw new ChpError('BAD_INPUT', `the packs ${cycle.join(' → ')} start each other without end`, {
    why: 'Nothing was changed.',
    next: [`Leave one of them out, or give one of them no step that starts the next: chp pack info ${cycle[0]}`],
    details: { cycle },
  });
}

function versionOf({ files }: SkillRecord): string | null {
  const manual = (JSON.parse(files) as SkillFile[]).find(({ path }) => path === 'SKILL.md');
  if (!manual) return null;
  return frontmatter(Buffer.from(manual.base64, 'base64').toString('utf8'), 'SKILL.md').version ?? null;
}
