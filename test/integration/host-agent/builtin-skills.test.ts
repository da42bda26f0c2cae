import { expect, test } from 'vitest';
import { builtinSkills, resolveSkill } from '../../../src/adapters/skills/resolve.ts';
import { AgentHost } from '../../support/agent-host.ts';

test('every skill that comes with chp is eligible on a plain hub', async () => {
  const names = await builtinSkills();
  const texts = await Promise.all(
    names.map(async (name) => {
      const { files } = await resolveSkill({ name, source: `builtin:${name}` }, '.');
      return [name, files.find(({ path }) => path === 'SKILL.md')?.bytes.toString('utf8') ?? ''] as const;
    }),
  );
  await using host = await AgentHost.create('skilled');
  const made = await host.generation({
    skills: Object.fromEntries(texts),
    manifest: (manifest) => ({ ...manifest, checks: { ...manifest.checks, skills: names } }),
  });
  const { outcome, checks } = await host.apply(made);
  expect(outcome).toBe('committed');
  const verdicts = Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]));
  expect(names.length).toBeGreaterThan(10);
  expect(verdicts).toMatchObject(Object.fromEntries(names.map((name) => [`skill.${name}`, 'pass'])));
});
