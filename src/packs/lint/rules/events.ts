import { didYouMean } from '../../../core/documents/problems.ts';
import { CONNECTORS } from '../../connectors/index.ts';
import type { Finding, LintRule } from '../rule.ts';

export const events: LintRule = {
  name: 'events',
  about: 'A trigger’s event is one that its connector gives.',
  check: ({ document }) =>
    document.triggers.flatMap(({ event }, index): Finding[] => {
      if (!event) return [];
      const path = ['triggers', index, 'event'];
      const sources = Object.values(CONNECTORS).filter((table) => Object.keys(table.events).length > 0);
      const table = sources.find(({ name }) => name === event.source);
      const names = sources.map(({ name }) => name);
      if (!table)
        return [
          {
            path: [...path, 'source'],
            message: `"${event.source}" gives no events; ${names.join(', ')} does`,
            suggestion: didYouMean(event.source, names),
          },
        ];
      const known = Object.keys(table.events);
      if (known.includes(event.type)) return [];
      return [
        {
          path: [...path, 'type'],
          message: `${event.source} has no event "${event.type}"; known are ${known.join(', ')}`,
          suggestion: didYouMean(event.type, known),
        },
      ];
    }),
};
