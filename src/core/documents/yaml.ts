import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml';
import { at, badDocument, type Problem } from './problems.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 40;
const MAX_ALIASES = 100;

export interface ParsedYaml {
  yaml: Document;
  value: unknown;
  /** Position of a JSON path; of the key itself with `key`. A path that is missing gives its nearest parent. */
  locate(path: readonly (string | number)[], key?: boolean): { line: number; col: number };
  /** Position of a piece of text inside the scalar at a path; of the scalar where it is not written so. */
  locateText(path: readonly (string | number)[], piece: string): { line: number; col: number };
}

/** One YAML document within bounds. @throws BAD_DOCUMENT with every syntax error */
export function parseYaml(text: string, file: string, next: readonly string[] = []): ParsedYaml {
  const parsed = readYaml(text);
  if (Array.isArray(parsed)) throw badDocument(file, text.slice(0, MAX_BYTES), parsed, next);
  return parsed;
}

/** One YAML document within bounds, or every syntax error. */
export function readYaml(text: string): ParsedYaml | Problem[] {
  const fail = (message: string, place = { line: 1, col: 1 }): Problem[] => [{ ...place, message }];
  if (Buffer.byteLength(text) > MAX_BYTES) return fail(`it has more than ${MAX_BYTES / 1024 / 1024} MiB`);
  if (text.includes('\0')) return fail('it is not text');
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: counter,
    uniqueKeys: true,
    strict: true,
    version: '1.2',
    logLevel: 'silent',
  });
  if (!Array.isArray(documents)) return fail('it is empty');
  const [yaml, second] = documents;
  if (!yaml) return fail('it is empty');
  if (second?.range) return fail('it holds a second document (`---`)', at(counter, second.range[0]));
  const problems: Problem[] = [...yaml.errors, ...yaml.warnings].map((error) => ({
    ...at(counter, error.pos[0]),
    message: firstLine(error.message),
  }));
  if (problems.length > 0) return problems;
  const beyond = outOfBounds(yaml, counter);
  if (beyond) return [beyond];
  let value: unknown;
  try {
    value = yaml.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return fail((error as Error).message);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fail('it must be a map of keys and values');

  return {
    yaml,
    value,
    locate: (path, key = false) => at(counter, find(yaml, path, key).offset),
    locateText(path, piece) {
      const { node, offset } = find(yaml, path, false);
      const found = text.indexOf(piece, offset);
      return at(counter, found >= 0 && found < (node?.range?.[1] ?? offset) ? found : offset);
    },
  };
}

function outOfBounds(yaml: Document, counter: LineCounter): Problem | undefined {
  let aliases = 0;
  let beyond: Problem | undefined;
  visit(yaml, (_, node, ancestors) => {
    const place = (): { line: number; col: number } => at(counter, (node as Node).range?.[0] ?? 0);
    if (isAlias(node) && ++aliases > MAX_ALIASES)
      beyond = { ...place(), message: `it has more than ${MAX_ALIASES} aliases` };
    if (isCollection(node) && ancestors.filter(isCollection).length > MAX_DEPTH)
      beyond = { ...place(), message: `it is nested more than ${MAX_DEPTH} deep` };
    return beyond ? visit.BREAK : undefined;
  });
  return beyond;
}

function find(yaml: Document, path: readonly (string | number)[], key: boolean): { node: Node | null; offset: number } {
  let node: Node | null = yaml.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, segment] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(segment),
      );
      if (!pair) break;
      const wantsKey = key && depth === path.length - 1;
      const next = pair.value as Node | null;
      offset = (wantsKey || !isNode(next) ? (pair.key as Node).range?.[0] : next.range?.[0]) ?? offset;
      node = next;
    } else if (isCollection(node)) {
      const next = node.items[Number(segment)] as Node | undefined;
      if (!next) break;
      offset = next.range?.[0] ?? offset;
      node = next;
    } else break;
  }
  return { node, offset };
}

const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
