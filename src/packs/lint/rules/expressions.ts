import { checkExpression } from '../../expressions/check.ts';
import type { FoundExpression } from '../find-expressions.ts';
import type { Finding, LintRule } from '../rule.ts';

export const expressions: LintRule = {
  name: 'expressions',
  about:
    'Expressions are valid and within bounds: known names, steps that have ended, no `matches`, no macro inside a macro.',
  check: ({ expressions }) =>
    expressions.flatMap((expression): Finding[] => {
      const { source, wrong, scope } = expression;
      if (source === null) return [{ ...placeOf(expression, 0), message: `expression: ${wrong}` }];
      return checkExpression(source, scope).problems.map(({ offset, message, suggestion }) => ({
        ...placeOf(expression, offset),
        message: `expression: ${message}`,
        suggestion,
      }));
    }),
};

function placeOf({ source, path, file }: FoundExpression, offset: number): Partial<Finding> {
  if (file) return { file: file.name, offset: file.offset + offset };
  // What is missing at the end is pointed out at the last character.
  return source === null ? { path } : { path, piece: source.slice(Math.min(offset, source.length - 1)) };
}
