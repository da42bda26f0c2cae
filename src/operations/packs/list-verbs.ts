import { CONNECTORS } from '../../packs/connectors/index.ts';
import { VERBS } from '../../packs/verbs/index.ts';

/** What a pack can do: the closed registry, and what lies behind its connectors. */
export interface VerbList {
  verbs: { name: string; summary: string; risk: string; effect: string; input: string[] }[];
  operations: {
    connector: string;
    name: string;
    summary: string;
    risk: string;
    effect: string;
    args: string[];
    device: boolean;
  }[];
}

export function listVerbs(): VerbList {
  return {
    verbs: Object.values(VERBS).map(({ name, summary, risk, effect, input }) => ({
      name,
      summary,
      risk,
      effect,
      input: keysOf(input),
    })),
    operations: Object.values(CONNECTORS).flatMap(({ name: connector, operations }) =>
      Object.entries(operations).map(([name, { summary, risk, effect, args, service }]) => ({
        connector,
        name,
        summary,
        risk,
        effect,
        args: keysOf(args),
        device: service !== undefined,
      })),
    ),
  };
}

/** `to?` is one that may be left out. */
const keysOf = ({ properties, required = [] }: { properties: object; required?: readonly string[] }): string[] =>
  Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
