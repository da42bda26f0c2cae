import { checkExpression } from '../../expressions/check.ts';
import { readInput } from '../../inputs.ts';
import type { PackInput } from '../../schema.ts';
import type { Finding, LintRule } from '../rule.ts';

export const inputs: LintRule = {
  name: 'inputs',
  about: 'Every input is used, its default is of its type, and its options, min and max are of a type that has them.',
  check({ document, expressions }) {
    const used = new Set(
      expressions.flatMap(({ source, scope }) => (source === null ? [] : checkExpression(source, scope).inputs)),
    );
    return Object.entries(document.inputs ?? {}).flatMap(([name, input]) => [
      ...(used.has(name)
        ? []
        : [
            {
              path: ['inputs', name],
              key: true,
              message: `the input "${name}" is never used`,
              severity: 'warning' as const,
            },
          ]),
      ...ofType(name, input as PackInput),
    ]);
  },
};

function ofType(name: string, input: PackInput): Finding[] {
  const path = ['inputs', name];
  const found: Finding[] = [];
  const wrong = (key: string, message: string): void => {
    found.push({ path: [...path, key], message: `the input "${name}" ${message}` });
  };
  if (input.type === 'choice' && !input.options) wrong('type', 'is a choice without options');
  if (input.type !== 'choice' && input.options) wrong('options', `is a ${input.type}: options are for a choice`);
  for (const key of ['min', 'max'] as const)
    if (input[key] !== undefined && input.type !== 'number' && input.type !== 'money')
      wrong(key, `is a ${input.type}: ${key} is for a number or money`);
  if (input.default === undefined) return found;
  if (input.type === 'member' || input.type === 'members') {
    const nobody = Array.isArray(input.default) && input.default.length === 0;
    if (!nobody) wrong('default', 'can’t have a default: members differ from home to home');
    return found;
  }
  const read = readInput(input, input.default, null);
  if ('wrong' in read) wrong('default', `has a default that does not fit: it ${read.wrong}`);
  return found;
}
