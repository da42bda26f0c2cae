import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packJsonSchema } from '../../../scripts/pack-json-schema.ts';
import { packagePath } from '../../../src/core/package-root.ts';
import { lintPack } from '../../../src/packs/lint/lint.ts';
import { VERBS } from '../../../src/packs/verbs/index.ts';

const starter = readFileSync(packagePath('templates/packs/starter/pack.yaml'), 'utf8');
const withStep = (step: string): string =>
  `${starter.slice(0, starter.indexOf('steps:'))}steps:\n${step.replace(/^/gm, '  ')}\n`;

describe('examples of the reference', () => {
  it.each(Object.values(VERBS).map(({ name, example }) => [name, example]))('%s', (_, example) => {
    const { problems } = lintPack({ files: new Map([['pack.yaml', withStep(example as string)]]), refused: new Map() });
    // Steps and inputs that they name are not there.
    const own = ['schema', 'shape', 'verbs', 'verb-input', 'answer-schema'];
    expect(problems.filter(({ rule }) => own.includes(rule))).toEqual([]);
  });
});

describe('the schema for editors', () => {
  const validate = new Ajv({ strict: false }).compile(packJsonSchema());
  it.each([
    ['the starter', starter, true],
    ...Object.values(VERBS).map(({ name, example }) => [`the example of ${name}`, withStep(example), true] as const),
    ['an unknown verb', withStep('- {id: a, uses: agent.aks}'), false],
    ['an unknown key of a verb', withStep('- {id: a, uses: notify, with: {text: Hi, too: ana}}'), false],
    [
      'a number that is an expression',
      withStep('- {id: a, uses: approve, with: {summary: Hi, quorum: "${{ inputs.n }}"}}'),
      true,
    ],
    ['a number that is a text', withStep('- {id: a, uses: approve, with: {summary: Hi, quorum: two}}'), false],
    ['a wrong step in a branch', withStep('- {id: a, parallel: [[{id: b, usess: set}], [{id: c, uses: set}]]}'), false],
  ] as const)('%s: %#', (_, text, valid) => {
    expect([validate(parse(text)), validate.errors?.[0]?.message]).toEqual([
      valid,
      valid ? undefined : expect.any(String),
    ]);
  });
});
