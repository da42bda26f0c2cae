import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { lintPack } from '../../../src/packs/lint/lint.ts';
import { RULES } from '../../../src/packs/lint/rules/index.ts';
import type { PackDocument } from '../../../src/packs/schema.ts';

interface Case {
  /** What follows the head; problems count lines from here, the trigger is in line -1. */
  pack: string;
  trigger?: string;
  files?: Record<string, string>;
  refused?: Record<string, string>;
  /** A file that is made 300,000 characters long. */
  long?: string;
  others?: { id: string; starts: string[] }[];
  /** false: without the fixture that every case has. */
  fixture?: boolean;
  /** `line:col rule: message` of pack.yaml, with the file before it of another; messages from their begin. */
  problems?: string[];
}

const head = (trigger: string): string =>
  [
    'schema: 1',
    'id: case',
    'version: 1.0.0',
    'description: One case of the table.',
    'authors: [chp]',
    'licence: Apache-2.0',
    ...(trigger === '{manual: true}' ? ['# By hand.'] : ['# On its own.']),
    'triggers:',
    `  - ${trigger}`,
    '',
    '',
  ].join('\n');
const HEAD_LINES = 10;
const dir = join(import.meta.dirname, '../../cases/lint');
const files = readdirSync(dir).sort();

describe('lint', () => {
  it.each(files)('%s', (name) => {
    const {
      pack,
      trigger = '{manual: true}',
      fixture = true,
      ...one
    } = parse(readFileSync(join(dir, name), 'utf8')) as Case;
    const texts = new Map([['pack.yaml', head(trigger) + pack], ...Object.entries(one.files ?? {})]);
    if (one.long) texts.set(one.long, 'x'.repeat(300_000));
    if (fixture) texts.set('fixtures/one.yaml', 'description: x\ninputs: {}\nexpect: {status: success}\n');
    const others = (one.others ?? []).map(({ id, starts }) => packThatStarts(id, starts));
    const { problems, pack: compiled } = lintPack(
      { files: texts, refused: new Map(Object.entries(one.refused ?? {})) },
      others,
    );
    const found = problems
      .filter(({ file }) => file !== 'fixtures/one.yaml')
      .map(({ file, line, col, rule, severity, message, suggestion }) => {
        const place = file === 'pack.yaml' ? `${line - HEAD_LINES}:${col}` : `${file}:${line}:${col}`;
        return `${place} ${rule}: ${severity === 'warning' ? 'warning: ' : ''}${message}${suggestion ? ` (${suggestion})` : ''}`;
      });
    const expected = one.problems ?? [];
    expect(found.map((text, index) => (text.startsWith(expected[index] ?? '\0') ? expected[index] : text))).toEqual(
      expected,
    );
    const sound = problems.every(({ severity }) => severity === 'warning');
    expect(compiled !== null).toBe(sound);
    if (name.endsWith('.passes.yaml') && expected.length === 0) expect(found).toEqual([]);
    if (name.endsWith('.fails.yaml')) expect(found.length).toBeGreaterThan(0);
  });

  it.each(RULES.map(({ name }) => name))('%s has a case that fails it and one that passes', (rule) => {
    const own = files.filter((file) => file.split('.')[0] === rule);
    expect(own.some((file) => file.endsWith('.fails.yaml'))).toBe(true);
    expect(own.some((file) => file.endsWith('.passes.yaml'))).toBe(true);
  });
});

const packThatStarts = (id: string, packs: readonly string[]): PackDocument =>
  ({
    id,
    triggers: [],
    steps: packs.map((pack, index) => ({ id: `s${index}`, uses: 'pack.run', with: { pack } })),
  }) as unknown as PackDocument;
