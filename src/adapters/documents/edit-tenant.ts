import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { ChpError } from '../../core/errors.ts';
import type { Member } from '../../core/tenant/schema.ts';
import { layoutOf } from './layout.ts';
import { parseTenant } from './tenant-document.ts';

export type Path = readonly string[];

/**
 * Changes a document and keeps its comments, order and layout; what comes out is validated.
 * @throws BAD_DOCUMENT when the change would make it invalid; BAD_INPUT when it has no place in the document
 */
export function editDocument(text: string, file: string, edit: (yaml: Document) => void): string {
  const { yaml } = parseTenant(text, file);
  edit(yaml);
  const layout = layoutOf(text);
  let edited: string;
  try {
    edited = layout.restore(yaml.toString(layout.options));
  } catch (cause) {
    throw new ChpError('BAD_INPUT', 'another part of the document refers to this by an alias (*name)', {
      next: BY_HAND,
      cause,
    });
  }
  parseTenant(edited, file);
  return edited;
}

const BY_HAND = ['Change it by hand: chp tenant export NAME > tenant.yaml, then chp tenant apply NAME -f tenant.yaml'];

/** Sets the value at a path, or removes it with undefined; maps on the way are made. @throws BAD_INPUT */
export function setAt(yaml: Document, path: Path, value: unknown): void {
  const made = value === undefined ? undefined : (yaml.createNode(value) as Node);
  let node = yaml.contents as Node;
  for (const [depth, segment] of path.entries()) {
    const here = path.slice(0, depth).join('.');
    assertNotShared(node, here);
    if (!isMap(node) && !isSeq(node)) {
      if (made === undefined) return;
      throw new ChpError('BAD_INPUT', `${here} is a value, so that there is no ${path.join('.')}`);
    }
    const key = isMap(node) ? keyIn(node, segment) : indexIn(node, segment, here);
    const below = node.get(key, true) as Node | undefined;
    if (below === undefined && made === undefined) return;
    if (depth === path.length - 1) {
      if (made === undefined) node.delete(key);
      else node.set(key, likeBefore(made, below));
      return;
    }
    if (below === undefined) node.set(key, yaml.createNode({}));
    node = node.get(key, true) as Node;
  }
}

/** A part that aliases refer to is written in one place and means several. */
function assertNotShared(node: unknown, here: string): void {
  const shared = isAlias(node)
    ? `*${node.source}`
    : isNode(node) && 'anchor' in node && node.anchor && `&${node.anchor}`;
  if (shared)
    throw new ChpError('BAD_INPUT', `${here} is shared with other parts of the document (${shared})`, {
      next: BY_HAND,
    });
}

/** The new value with the comment behind the old one; a map or list then stays in its line, before it. */
function likeBefore(made: Node, old: Node | undefined): Node {
  const inOneLine = isScalar(old) || (isCollection(old) && old.flow);
  if (!inOneLine || !old.comment) return made;
  made.comment = old.comment;
  if (isCollection(made)) made.flow = true;
  return made;
}

/** The key as the document has it: `123` and `"123"` are one to JSON. */
function keyIn(map: YAMLMap, segment: string): unknown {
  const pair = map.items.find(({ key }: Pair) => isScalar(key) && String(key.value) === segment);
  return pair ? (pair.key as { value: unknown }).value : segment;
}

function indexIn(list: YAMLSeq, segment: string, here: string): number {
  const index = /^\d{1,6}$/.test(segment) ? Number(segment) : Number.NaN;
  if (index <= list.items.length) return index;
  throw new ChpError('BAD_INPUT', `${here} is a list of ${list.items.length}: "${segment}" is no place in it`);
}

/** Adds to a list, which is made when it is not there. @throws BAD_INPUT when it is shared by aliases */
export function append(yaml: Document, key: string, value: unknown): void {
  const list = listAt(yaml, key);
  if (list) list.add(yaml.createNode(value));
  else yaml.set(key, yaml.createNode([value]));
}

/**
 * Removes the entry of a list whose `field` (or which itself, with null) is `value`; a list that is empty then, too.
 * @returns false when there is none
 */
export function removeEntry(yaml: Document, key: string, field: string | null, value: string): boolean {
  const list = listAt(yaml, key);
  const index = list?.items.findIndex((item) =>
    field === null ? isScalar(item) && String(item.value) === value : isMap(item) && item.get(field) === value,
  );
  if (!list || index === undefined || index < 0) return false;
  list.delete(index);
  if (list.items.length === 0) yaml.delete(key);
  return true;
}

function listAt(yaml: Document, key: string): YAMLSeq | null {
  const list = yaml.get(key, true);
  assertNotShared(list, key);
  return isSeq(list) ? list : null;
}

export function addMember(yaml: Document, member: Member): void {
  append(yaml, 'members', member);
}
