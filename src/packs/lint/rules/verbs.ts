import { didYouMean } from '../../../core/documents/problems.ts';
import { CONNECTORS, DEVICE_ACTIONS } from '../../connectors/index.ts';
import { hasExpression } from '../../expressions/template.ts';
import { VERBS, verbOf } from '../../verbs/index.ts';
import type { Finding, LintRule } from '../rule.ts';

export const verbs: LintRule = {
  name: 'verbs',
  about: 'Verbs, connectors, operations, actions and packs are known ones, written down and not computed.',
  check: ({ steps }) =>
    steps.flatMap(({ step, path }): Finding[] => {
      if (step.uses === undefined) return [];
      const verb = verbOf(step.uses);
      if (!verb) return [unknown('verb', step.uses, Object.keys(VERBS), [...path, 'uses'])];
      const given = step.with ?? {};
      const word = (name: string): string | null => (typeof given[name] === 'string' ? given[name] : null);
      const at = (name: string) => [...path, 'with', name];
      const computed = ['connector', 'operation', 'action', 'pack']
        .filter((name) => Object.hasOwn(verb.input.properties, name) && hasExpression(word(name) ?? ''))
        .map((name) => ({ path: at(name), message: `\`${name}\` must be written down: no expression` }));
      if (computed.length > 0) return computed;
      const [connector, operation, action] = [word('connector'), word('operation'), word('action')];
      if (verb.name === 'connector.call' && connector !== null) {
        const table = Object.hasOwn(CONNECTORS, connector) ? CONNECTORS[connector] : undefined;
        if (!table) return [unknown('connector', connector, Object.keys(CONNECTORS), at('connector'))];
        if (operation !== null && !Object.hasOwn(table.operations, operation))
          return [unknown(`operation of ${connector}`, operation, Object.keys(table.operations), at('operation'))];
      }
      if (verb.name === 'device.call' && action !== null && !Object.hasOwn(DEVICE_ACTIONS, action))
        return [unknown('action', action, Object.keys(DEVICE_ACTIONS), at('action'))];
      return [];
    }),
};

const unknown = (what: string, word: string, known: readonly string[], path: Finding['path'] & object): Finding => ({
  path,
  message: `there is no ${what} "${word}"; known are ${known.join(', ')}`,
  suggestion: didYouMean(word, known),
});
