import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';
import { at, badDocument, type Problem } from './problems.ts';
import { firstAlias, MAX_ALIASES, yamlProblems } from './yaml-rules.ts';

/** A document has a few KiB; what the parser makes of a hostile one grows faster than its size. */
export const MAX_BYTES = 256 * 1024;

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

/** One YAML 1.2 document within bounds, or every syntax error. */
export function readYaml(text: string): ParsedYaml | Problem[] {
  const parsed = readAnyYaml(text);
  if (Array.isArray(parsed) || isObject(parsed.value)) return parsed;
  return [{ line: 1, col: 1, message: 'it must be a map of keys and values' }];
}

/** As `readYaml`, whatever it holds. */
export function readAnyYaml(text: string): ParsedYaml | Problem[] {
  const fail = (message: string, place = { line: 1, col: 1 }): Problem[] => [{ ...place, message }];
  if (Buffer.byteLength(text) > MAX_BYTES) return fail(`it has more than ${MAX_BYTES / 1024} KiB`);
  if (text.includes('\0')) return fail('it is not text');
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: counter,
    // Compared pair by pair by the parser, and with its own excerpts of the source: quadratic, both.
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
    version: '1.2',
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  if (!Array.isArray(documents)) return fail('it is empty');
  const [yaml, second] = documents;
  if (!yaml) return fail('it is empty');
  if (second?.range) return fail('it holds a second document (`---`)', at(counter, second.range[0]));
  const syntax = syntaxProblems(yaml, counter);
  if (syntax.length > 0) return syntax;
  const problems = yamlProblems(yaml, text).map(({ offset, message }) => ({ ...at(counter, offset), message }));
  if (problems.length > 0) return problems;
  let value: unknown;
  try {
    value = yaml.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    return fail('its aliases amount to more than a document may hold', at(counter, firstAlias(yaml)));
  }

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

/** One problem a place: what follows from it is the parser's. */
function syntaxProblems(yaml: Document.Parsed, counter: LineCounter): Problem[] {
  const byPlace = new Map<number, string>();
  for (const { pos, message } of [...yaml.errors, ...yaml.warnings]) {
    if (/call stack/.test(message)) return [{ ...at(counter, pos[0]), message: 'it is nested too deep' }];
    if (!byPlace.has(pos[0])) byPlace.set(pos[0], message);
  }
  return [...byPlace].map(([offset, message]) => ({ ...at(counter, offset), message }));
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

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
