import { CONNECTORS, DEVICE_CONNECTOR } from '../../connectors/index.ts';
import { hasExpression } from '../../expressions/template.ts';
import type { Finding, LintedPack, LintRule } from '../rule.ts';

type Kind = 'skills' | 'connectors' | 'packs' | 'roles' | 'secrets';
interface Use {
  kind: Kind;
  name: string;
  path: readonly (string | number)[];
}

export const declared: LintRule = {
  name: 'declared',
  about:
    'What a pack reaches stands in `requires`: skills, connectors, the secrets that those need, packs, roles. What stands there is used.',
  check(pack) {
    const { requires = {} } = pack.document;
    const uses = [...usesOf(pack), ...secretsOf(pack)];
    const listed = (kind: Kind): string[] =>
      kind === 'skills' ? Object.keys(requires.skills ?? {}) : ((requires[kind] ?? []) as string[]);
    const lacking = uses
      .filter(({ kind, name }) => !listed(kind).includes(name))
      .map(({ kind, name, path }): Finding => {
        const entry = kind === 'skills' ? `${name}: "*"` : name;
        const why = kind === 'secrets' ? ', which its connector needs,' : '';
        return {
          path,
          message: `the ${kind.slice(0, -1)} "${name}"${why} is not declared`,
          suggestion: `add ${entry} under requires.${kind}`,
        };
      });
    const idle = (['skills', 'connectors', 'packs', 'roles', 'secrets'] as const).flatMap((kind) =>
      listed(kind)
        .filter((name) => !isUsed(kind, name, uses))
        .map((name): Finding => {
          const path = ['requires', kind, kind === 'skills' ? name : listed(kind).indexOf(name)];
          return {
            path,
            key: kind === 'skills',
            message: `the ${kind.slice(0, -1)} "${name}" is declared and not used`,
            severity: 'warning',
          };
        }),
    );
    return [...unique(lacking), ...idle];
  },
};

function usesOf({ document, steps }: LintedPack): Use[] {
  const events = document.triggers.flatMap(({ event }, index): Use[] =>
    event ? [{ kind: 'connectors', name: event.source, path: ['triggers', index, 'event', 'source'] }] : [],
  );
  const inSteps = steps.flatMap(({ step, path }): Use[] => {
    const given = step.with ?? {};
    const words = (name: string, kind: Kind, value: unknown = given[name]): Use[] =>
      (Array.isArray(value) ? value : [value]).flatMap((word, index): Use[] =>
        typeof word === 'string' && !hasExpression(word)
          ? [{ kind, name: word, path: [...path, 'with', name, ...(Array.isArray(value) ? [index] : [])] }]
          : [],
      );
    switch (step.uses) {
      case 'agent.ask':
        return words('skills', 'skills');
      case 'connector.call':
        return words('connector', 'connectors');
      case 'device.call':
        return [{ kind: 'connectors', name: DEVICE_CONNECTOR, path: [...path, 'uses'] }];
      case 'pack.run':
        return words('pack', 'packs');
      case 'notify':
      case 'approve':
        return words('roles', 'roles');
      case 'escalate':
        return (Array.isArray(given.rungs) ? given.rungs : []).flatMap((rung) =>
          words('rungs', 'roles', (rung as { roles?: unknown } | null)?.roles).map((use) => ({
            ...use,
            path: [...path, 'with', 'rungs'],
          })),
        );
      default:
        return [];
    }
  });
  return [...events, ...inSteps];
}

/** Of declared connectors, the secrets that they can't do without. */
function secretsOf({ document }: LintedPack): Use[] {
  return (document.requires?.connectors ?? []).flatMap((connector, index) =>
    Object.values(CONNECTORS[connector]?.secrets ?? {})
      .filter((secret) => !secret.optional)
      .map(({ name }): Use => ({ kind: 'secrets', name, path: ['requires', 'connectors', index] })),
  );
}

function isUsed(kind: Kind, name: string, uses: readonly Use[]): boolean {
  const ofConnector = uses
    .filter((use) => use.kind === 'connectors')
    .some((use) => Object.values(CONNECTORS[use.name]?.secrets ?? {}).some((secret) => secret.name === name));
  return uses.some((use) => use.kind === kind && use.name === name) || (kind === 'secrets' && ofConnector);
}

const unique = (findings: Finding[]): Finding[] => [...new Map(findings.map((one) => [one.message, one])).values()];
