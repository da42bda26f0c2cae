import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePath } from '../../../../src/adapters/documents/config-path.ts';
import { addMember, append, editDocument, removeEntry, setAt } from '../../../../src/adapters/documents/edit-tenant.ts';
import { parseTenant } from '../../../../src/adapters/documents/tenant-document.ts';
import { parseValue } from '../../../../src/adapters/documents/value.ts';
import { ChpError } from '../../../../src/core/errors.ts';
import type { Member } from '../../../../src/core/tenant/schema.ts';
import { cases, trimmed } from '../../../support/cases.ts';

/** One edit as a case file has it: a line of JSON. */
interface Edit {
  set?: string;
  to?: string;
  unset?: string;
  member?: Member;
  append?: [key: string, value: unknown];
  remove?: [key: string, field: string | null, value: string];
}

function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce(
    (before, edit) =>
      editDocument(before, 'tenant.yaml', (yaml) => {
        if (edit.set !== undefined)
          setAt(yaml, ['config', ...parsePath(edit.set)], parseValue(edit.to ?? '', edit.set));
        if (edit.unset !== undefined) setAt(yaml, ['config', ...parsePath(edit.unset)], undefined);
        if (edit.member) addMember(yaml, edit.member);
        if (edit.append) append(yaml, ...edit.append);
        if (edit.remove) expect(removeEntry(yaml, ...edit.remove)).toBe(true);
      }),
    text,
  );
}

function outcome(text: string, edits: readonly Edit[]): string {
  try {
    return edited(text, edits.length > 0 ? edits : [{}]);
  } catch (error) {
    if (error instanceof ChpError && error.exitCode === 2) return `${error.code}: ${error.message}`;
    throw error;
  }
}

describe('comments, order and layout stay; what has no place is refused', () => {
  test.each(cases('tenant-yaml', 'edited'))('$name', ({ parts: [before = '', edits = '', after = ''] }) => {
    const lines = edits.split('\n').filter(Boolean);
    const done = outcome(
      before,
      lines.map((line) => JSON.parse(line)),
    );
    expect(trimmed(done)).toBe(trimmed(after));
  });

  test('Windows line ends and a byte order mark', () => {
    const text = '\uFEFFschema: 1\r\nname: smith\r\ntopology: hub\r\nhost: local\r\nmodel: {provider: demo}\r\n';
    expect(edited(text, [{ append: ['secrets', 'A'] }])).toBe(`${text}secrets:\r\n  - A\r\n`);
  });

  test('what is not in a list is not removed', () => {
    const text = 'schema: 1\nname: smith\ntopology: hub\nhost: local\nmodel: {provider: demo}\nsecrets: [A]\n';
    editDocument(text, 't', (yaml) => {
      expect(removeEntry(yaml, 'secrets', null, 'B')).toBe(false);
      expect(removeEntry(yaml, 'members', 'id', 'ana')).toBe(false);
    });
  });
});

/** Chp's own, and names that say that a value is secret. */
const TAKEN = ['env', 'update', 'agents', 'models', 'skills', 'token', 'secret'];
const key = fc.stringMatching(/^[a-z]{1,6}$/).filter((name) => !TAKEN.includes(name));
const value = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.string({ maxLength: 12 }).filter((text) => !/[$\p{Cc}]/u.test(text)),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.record({ x: fc.integer(), y: fc.boolean() }),
);
const comment = fc.stringMatching(/^[a-z ]{0,20}[a-z]$/);

/** A document with a comment before and behind each part of its config. */
const documents = fc
  .uniqueArray(fc.record({ key, value, before: comment, behind: comment }), {
    selector: (part) => part.key,
    maxLength: 6,
  })
  .map((parts) => ({
    parts,
    text: [
      '# head\nschema: 1\nname: smith\ntopology: hub\nhost: local # the box\nmodel: {provider: demo}\nconfig:\n  firstone: 1',
      ...parts.map((part) => `  # ${part.before}\n  ${part.key}: ${JSON.stringify(part.value)} # ${part.behind}`),
      '# tail\n',
    ].join('\n'),
  }));

/** Comments in their order. */
const comments = (text: string): string[] =>
  [...text.matchAll(/(?:^|\s)#\s?([a-z ]*[a-z])$/gm)].map(([, said = '']) => said);
const configOf = (text: string): Record<string, unknown> => parseTenant(text, 't').tenant.config;

fc.configureGlobal({ numRuns: 50 });

describe('whatever is in a document', () => {
  test('a value that is set is read back; everything else and every comment stays', () => {
    fc.assert(
      fc.property(documents, key, value, ({ text }, name, to) => {
        const after = edited(text, [{ set: name, to: JSON.stringify(to) }]);
        expect(configOf(after)).toEqual({ ...configOf(text), [name]: to });
        expect(Object.keys(configOf(after)).slice(0, Object.keys(configOf(text)).length)).toEqual(
          Object.keys(configOf(text)),
        );
        expect(comments(after)).toEqual(comments(text));
      }),
    );
  });

  test('an edit made twice changes nothing the second time', () => {
    fc.assert(
      fc.property(documents, key, value, ({ text }, name, to) => {
        const once = edited(text, [{ set: name, to: JSON.stringify(to) }]);
        expect(edited(once, [{ set: name, to: JSON.stringify(to) }])).toBe(once);
      }),
    );
  });

  test('what is added and removed again leaves the rest as it was', () => {
    fc.assert(
      fc.property(documents, key, ({ text }, name) => {
        fc.pre(!(name in configOf(text)));
        const once = edited(text, [{}]);
        const member: Member = { id: name, name, role: 'Adult' };
        const more = edited(once, [{ set: name, to: '1' }, { member }, { append: ['secrets', 'A'] }]);
        const less = edited(more, [
          { unset: name },
          { remove: ['members', 'id', name] },
          { remove: ['secrets', null, 'A'] },
        ]);
        expect(configOf(less)).toEqual(configOf(text));
        expect(comments(less)).toEqual(comments(text));
      }),
    );
  });
});
