import { highest, isLower, realRisk, riskOf } from '../../risk.ts';
import type { Finding, LintRule } from '../rule.ts';

export const risk: LintRule = {
  name: 'risk',
  about: 'No step, and not the pack, says that it is of less risk than it is.',
  check({ document, steps }) {
    const found = steps.flatMap(({ step, path }): Finding[] => {
      const real = realRisk(step);
      if (real === null || step.risk === undefined || !isLower(step.risk, real)) return [];
      return [{ path: [...path, 'risk'], message: `step "${step.id}" is of ${real} risk, not of ${step.risk}` }];
    });
    const top = highest(steps.map(({ step }) => riskOf(step)));
    if (document.risk !== undefined && isLower(document.risk, top))
      found.push({
        path: ['risk'],
        message: `the pack is of ${top} risk, as one of its steps is, not of ${document.risk}`,
      });
    return found;
  },
};
