import { didYouMean } from '../../../core/documents/problems.ts';
import { type ValueProblem, valueProblems } from '../../check-value.ts';
import { hasExpression, parseTemplate, wholeExpression } from '../../expressions/template.ts';
import { isFileReference, withFiles } from '../../prompts.ts';
import { operationAt } from '../../risk.ts';
import { verbOf } from '../../verbs/index.ts';
import type { Finding, LintRule } from '../rule.ts';

export const verbInput: LintRule = {
  name: 'verb-input',
  about: '`with` is what the verb and the operation take; what an expression gives is checked when it runs.',
  check: ({ steps, files }) =>
    steps.flatMap(({ step, path }): Finding[] => {
      const verb = verbOf(step.uses);
      if (!verb || verb.name === 'set') return [];
      const given = withFiles(step.with ?? {}, Object.fromEntries(files)) as Record<string, unknown>;
      const operation = operationAt(step);
      const own = findings(verb.input, given, [...path, 'with'], verb.name);
      if (!operation || typeof (given.args ?? {}) !== 'object') return own;
      const args = (given.args ?? {}) as Record<string, unknown>;
      const all = step.uses === 'device.call' ? { ...args, device: given.device } : args;
      const name = String(given.operation ?? given.action);
      return [...own, ...findings(operation.args, all, [...path, 'with', 'args'], name)];
    }),
};

function findings(schema: object, value: object, path: (string | number)[], what: string): Finding[] {
  return valueProblems(schema as Record<string, unknown>, value)
    .filter((problem) => !computed(value, problem))
    .map((problem) => ({
      path: [...path, ...problem.path],
      key: problem.key === true,
      message: `${what}: ${problem.message}`,
      suggestion: problem.key ? didYouMean(problem.path.at(-1) ?? '', problem.known ?? []) : undefined,
    }));
}

/** What is wrong there is not known before it runs. */
function computed(value: object, { path, keyword, key }: ValueProblem): boolean {
  if (key) return false;
  const there = path.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | null)?.[name], value);
  // A file that is missing is another rule's to report.
  if (isFileReference(there)) return true;
  if (typeof there !== 'string' || !hasExpression(there)) return false;
  try {
    return keyword !== 'type' || wholeExpression(parseTemplate(there)) !== null;
  } catch {
    return true;
  }
}
