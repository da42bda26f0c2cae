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
}

/** One YAML document within bounds. @throws BAD_DOCUMENT with every syntax error */
export function parseYaml(text: string, file: string): ParsedYaml {
  const fail = (message: string, line = 1, col = 1): never => {
    throw badDocument(file, text.slice(0, MAX_BYTES), [{ line, col, message }]);
  };
  if (Buffer.byteLength(text) > MAX_BYTES) fail(`it has more than ${MAX_BYTES / 1024 / 1024} MiB`);
  if (text.includes('\0')) fail('it is not text');
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
  if (second?.range) {
    const { line, col } = at(counter, second.range[0]);
    fail('it holds a second document (`---`); one file describes one tenant', line, col);
  }
  const problems: Problem[] = [...yaml.errors, ...yaml.warnings].map((error) => ({
    ...at(counter, error.pos[0]),
    message: firstLine(error.message),
  }));
  if (problems.length > 0) throw badDocument(file, text, problems);

  let aliases = 0;
  visit(yaml, (_, node, ancestors) => {
    if (isAlias(node) && ++aliases > MAX_ALIASES)
      fail(`it has more than ${MAX_ALIASES} aliases`, ...place(counter, node));
    if (isCollection(node) && ancestors.filter(isCollection).length > MAX_DEPTH)
      fail(`it is nested more than ${MAX_DEPTH} deep`, ...place(counter, node));
  });
  let value: unknown;
  try {
    value = yaml.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    fail((error as Error).message);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail('it must be a map of keys and values');

  return {
    yaml,
    value,
    locate(path, key = false) {
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
      return at(counter, offset);
    },
  };
}

function place(counter: LineCounter, node: Node): [number, number] {
  const { line, col } = at(counter, node.range?.[0] ?? 0);
  return [line, col];
}

const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');
