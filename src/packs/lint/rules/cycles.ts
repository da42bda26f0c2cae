import { checkExpression } from '../../expressions/check.ts';
import { packStarts, wayBetween } from '../../start-cycles.ts';
import type { Finding, LintRule } from '../rule.ts';

export const cycles: LintRule = {
  name: 'cycles',
  about: 'No pack starts itself, also by way of others; no step needs its own result, also by way of others.',
  check: ({ document, steps, expressions, others }) => {
    const needs = new Map<string, Set<string>>(steps.map(({ step }) => [step.id, new Set()]));
    for (const { source, scope, step } of expressions)
      if (source !== null && step !== undefined)
        for (const other of checkExpression(source, scope).steps) needs.get(step)?.add(other);
    const starts = packStarts([document, ...others]);
    return [
      ...steps.flatMap(({ step, path }): Finding[] => {
        const way = wayBack(step.id, needs);
        return way
          ? [{ path: [...path, 'id'], message: `a cycle: steps ${way.join(' → ')} need each other’s results` }]
          : [];
      }),
      ...steps.flatMap(({ step, path }): Finding[] => {
        if (step.uses !== 'pack.run') return [];
        const started = String(step.with?.pack);
        const way = started === document.id ? [document.id] : wayBetween(started, document.id, starts);
        if (!way) return [];
        return [
          {
            path: [...path, 'with', 'pack'],
            message: `a cycle: packs ${[document.id, ...way].join(' → ')} start each other`,
          },
        ];
      }),
    ];
  },
};

/** The shortest way from a node to itself; said of the first of its nodes only. */
function wayBack(id: string, edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | null {
  if (edges.get(id)?.has(id)) return [id, id];
  for (const next of edges.get(id) ?? []) {
    const way = wayBetween(next, id, edges);
    const order = [...edges.keys()];
    if (way?.every((other) => order.indexOf(other) >= order.indexOf(id))) return [id, ...way];
  }
  return null;
}
