import { CONNECTORS, DEVICE_CONNECTOR } from '../../connectors/index.ts';
import { hasExpression } from '../../expressions/template.ts';
import type { Finding, LintedPack, LintRule } from '../rule.ts';

const KINDS = ['skills', 'connectors', 'packs', 'roles', 'secrets'] as const;
type Kind = (typeof KINDS)[number];
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
    const asked = askedRoles(pack);
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
    const idle = KINDS.flatMap((kind) =>
      listed(kind)
        .filter(
          (name) => !(kind === 'roles' ? asked.some(({ roles }) => roles.includes(name)) : isUsed(kind, name, uses)),
        )
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
    const nobody = asked
      .filter(({ roles, alone }) => alone && !roles.some((role) => listed('roles').includes(role)))
      .map(({ roles, path }): Finding => {
        const which = roles.length === 1 ? `the role "${roles[0]}" is not` : `none of the roles ${roles.join(', ')} is`;
        return { path, message: `${which} declared`, suggestion: `add ${roles.join(' or ')} under requires.roles` };
      });
    return [...unique(lacking), ...unique(nobody), ...idle];
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
      default:
        return [];
    }
  });
  return [...events, ...inSteps];
}

interface AskedRoles {
  roles: string[];
  path: readonly (string | number)[];
  /** No member is named beside them: one with such a role must be there. */
  alone: boolean;
}

/** Lists of roles: whoever has one of them is meant. */
function askedRoles({ steps }: LintedPack): AskedRoles[] {
  return steps.flatMap(({ step, path }) => {
    const given = step.with ?? {};
    const places: [unknown, (string | number)[]][] = Array.isArray(given.rungs)
      ? given.rungs.map((rung, index): [unknown, (string | number)[]] => [rung, [...path, 'with', 'rungs', index]])
      : [[given, [...path, 'with']]];
    return places.flatMap(([place, at]): AskedRoles[] => {
      const { roles, to, approvers } = (place ?? {}) as { roles?: unknown; to?: unknown; approvers?: unknown };
      if (!Array.isArray(roles) || !['notify', 'approve', 'escalate'].includes(step.uses ?? '')) return [];
      return [{ roles: roles.map(String), path: [...at, 'roles'], alone: to === undefined && approvers === undefined }];
    });
  });
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
