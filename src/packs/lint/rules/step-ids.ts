import type { LintRule } from '../rule.ts';

export const stepIds: LintRule = {
  name: 'step-ids',
  about: 'Every step has an id of its own.',
  check({ steps }) {
    const seen = new Set<string>();
    return steps.flatMap(({ step, path }) => {
      const again = seen.has(step.id);
      seen.add(step.id);
      return again ? [{ path: [...path, 'id'], message: `a second step "${step.id}"` }] : [];
    });
  },
};
