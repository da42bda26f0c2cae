import { type Document, isMap, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { ChpError } from '../../core/errors.ts';
import type { Member } from '../../core/tenant/schema.ts';
import { parseTenant } from './tenant-document.ts';

export type Path = readonly (string | number)[];

/**
 * Changes a document and keeps its comments and layout; what comes out is validated.
 * @throws BAD_DOCUMENT when the change would make it invalid
 */
export function editDocument(text: string, file: string, edit: (yaml: Document) => void): string {
  const { yaml } = parseTenant(text, file);
  edit(yaml);
  const edited = yaml.toString({ lineWidth: 0 });
  parseTenant(edited, file);
  return edited;
}

export function setAt(yaml: Document, path: Path, value: unknown): void {
  if (value === undefined) yaml.deleteIn(path);
  else yaml.setIn(path, yaml.createNode(value));
}

/** Adds to a list, which is made when it is not there. */
export function append(yaml: Document, key: string, value: unknown): void {
  const list = yaml.get(key);
  if (isSeq(list)) (list as YAMLSeq).add(yaml.createNode(value));
  else yaml.set(key, yaml.createNode([value]));
}

/** Removes the entry of a list whose `field` (or which itself, with null) is `value`. @returns false when there is none */
export function removeEntry(yaml: Document, key: string, field: string | null, value: string): boolean {
  const list = yaml.get(key);
  if (!isSeq(list)) return false;
  const index = (list as YAMLSeq).items.findIndex((item) =>
    field === null
      ? String((item as { value?: unknown }).value) === value
      : isMap(item) && (item as YAMLMap).get(field) === value,
  );
  if (index < 0) return false;
  (list as YAMLSeq).delete(index);
  if ((list as YAMLSeq).items.length === 0) yaml.delete(key);
  return true;
}

export function addMember(yaml: Document, member: Member): void {
  append(yaml, 'members', member);
}

/** `a.b[2].c` or `a.b.2.c` as a path. @throws BAD_INPUT */
export function parsePath(text: string): (string | number)[] {
  const parts = text.replace(/\[(\d+)\]/g, '.$1').split('.');
  if (text === '' || parts.some((part) => part === ''))
    throw new ChpError('BAD_INPUT', `"${text}" is no path`, {
      next: ['Write it with dots: agents.defaults.timeoutSeconds'],
    });
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
