import type { TenantDocument } from '../../core/tenant/schema.ts';
import type { SemanticProblem } from './semantic-problem.ts';

/** How a cluster is reached: a certificate with its key, and none of it without an address. Pure. */
export function automationProblems({ automation = {} }: TenantDocument): SemanticProblem[] {
  const { address, apiKey, tls } = automation;
  const { cert, key } = tls ?? {};
  const problems: SemanticProblem[] = [];
  if ((cert === undefined) !== (key === undefined)) {
    const [there, lacking] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    problems.push({
      path: ['automation', 'tls'],
      message: `automation.tls lacks "${lacking}", which "${there}" needs`,
    });
  }
  if (address !== undefined) return problems;
  for (const [name, value] of Object.entries({ apiKey, tls }))
    if (value !== undefined)
      problems.push({
        path: ['automation', name],
        key: true,
        message: `automation.${name} is for a cluster, and automation.address names none`,
      });
  return problems;
}
