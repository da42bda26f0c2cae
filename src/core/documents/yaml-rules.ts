import { type Document, isAlias, isCollection, isMap, isScalar, type Node, type Pair, visit } from 'yaml';

/** Something that is YAML, and that a tenant.yaml may not hold. `offset`: characters from the start of the text. */
export interface YamlProblem {
  offset: number;
  message: string;
}

export const MAX_ALIASES = 100;
const MAX_DEPTH = 40;
/** What JavaScript reads or writes elsewhere than in the object itself. */
const PROTOTYPE_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/** What the parser takes, although it would not come out as it was meant. Pure. */
export function yamlProblems(yaml: Document, text: string): YamlProblem[] {
  const problems: YamlProblem[] = [];
  const found = (node: unknown, message: string): void => {
    problems.push({ offset: (node as Node | null)?.range?.[0] ?? 0, message });
  };
  const { explicit, version } = yaml.directives?.yaml ?? {};
  if (explicit && version !== '1.2')
    problems.push({
      offset: Math.max(0, text.indexOf('%YAML')),
      message: `it is YAML ${version}; write it as YAML 1.2`,
    });
  let aliases = 0;
  visit(yaml, (_, node, ancestors) => {
    if (isMap(node)) for (const { key, message } of keyProblems(node.items)) found(key ?? node, message);
    if (isAlias(node)) {
      if (++aliases > MAX_ALIASES) {
        found(node, `it has more than ${MAX_ALIASES} aliases`);
        return visit.BREAK;
      }
      if (!node.resolve(yaml)) found(node, `the alias *${node.source} has no &${node.source} before it`);
    }
    if (isScalar(node)) {
      const message = numberProblem(node.value, node.source);
      if (message) found(node, message);
    }
    if (isCollection(node) && ancestors.filter(isCollection).length > MAX_DEPTH) {
      found(node, `it is nested more than ${MAX_DEPTH} deep`);
      return visit.BREAK;
    }
    return undefined;
  });
  return problems;
}

function keyProblems(pairs: readonly Pair[]): { key: unknown; message: string }[] {
  const known = new Set<string>();
  const problems: { key: unknown; message: string }[] = [];
  for (const { key } of pairs) {
    if (!isScalar(key) || key.value === null) {
      problems.push({ key, message: 'a key must be text' });
      continue;
    }
    const name = String(key.value);
    if (known.has(name)) problems.push({ key, message: `a second key "${name}"` });
    known.add(name);
    if (name === '<<')
      problems.push({ key, message: 'merge keys (<<) are not part of YAML 1.2; write out what they would add' });
    if (PROTOTYPE_NAMES.has(name)) problems.push({ key, message: `"${name}" can't be a key` });
  }
  return problems;
}

/** A chat id of 18 digits would lose its last ones. */
function numberProblem(value: unknown, source: string | undefined): string | null {
  if (typeof value !== 'number') return null;
  if (!Number.isFinite(value)) return `${source ?? value} is no number that JSON can hold`;
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return `${source ?? value} is too large to be kept exactly as a number; put it in quotes`;
  return null;
}

/** Offset of the first alias. */
export function firstAlias(yaml: Document): number {
  let offset = 0;
  visit(yaml, {
    Alias: (_, { range }) => {
      offset = range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}
