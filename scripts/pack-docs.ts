import { readFileSync } from 'node:fs';
import { packagePath } from '../src/core/package-root.ts';
import { CONNECTORS } from '../src/packs/connectors/index.ts';
import { ADDED_FUNCTIONS, CEL_FUNCTIONS, MACROS } from '../src/packs/expressions/functions.ts';
import { LIMITS } from '../src/packs/expressions/limits.ts';
import { FixtureSchema } from '../src/packs/fixture.ts';
import { MAX_ITEMS, MAX_STEPS } from '../src/packs/interpret/state.ts';
import { RULES } from '../src/packs/lint/rules/index.ts';
import { PackSchema, StepSchema } from '../src/packs/schema.ts';
import { VERBS } from '../src/packs/verbs/index.ts';
import { pageOf, rows, type Schema, table, typeOf } from './schema-docs.ts';

const KEYS = ['key', 'type', 'default', 'meaning'];
const code = (text: string): string => `\`${text}\``;
const yaml = (text: string): string => `\`\`\`yaml\n${text.trimEnd()}\n\`\`\``;

/** docs/pack-yaml.md */
export function packPage(): string {
  const step = (StepSchema as unknown as { $defs: { Step: Schema } }).$defs.Step;
  const starter = readFileSync(packagePath('templates', 'packs', 'starter', 'pack.yaml'), 'utf8');
  const fixture = readFileSync(packagePath('templates', 'packs', 'starter', 'fixtures', 'told.yaml'), 'utf8');
  return pageOf('pack.yaml', [
    'A workflow pack: a folder with `pack.yaml`, `prompts/*.md` and `fixtures/*.yaml`. Unknown keys are errors; `chp pack lint` names every problem at once, with file, line and column. Verbs, connectors and functions: [verbs.md](verbs.md).',
    'The pack that `chp pack init` writes:',
    yaml(starter),
    '## Keys',
    table(KEYS, rows(PackSchema as unknown as Schema)),
    '## Steps',
    'In order, each with exactly one of `uses`, `wait`, `parallel`, `steps`. `steps.<id>.status` is `success`, `failed` or `skipped`; `steps.<id>.output` is null unless it is a success. The output of a group or of `parallel` has the outputs of its steps by id; that of `for-each` is a list.',
    table(KEYS, rows(step)),
    '## Expressions',
    `\`\${{ … }}\` holds an expression in [CEL](https://cel.dev), in any text of \`with\`, \`wait\`, \`outputs\` and of a prompt. A text that is one expression keeps its type; elsewhere it becomes text: null is empty, lists and maps are JSON. \`if\` and \`for-each\` are expressions with or without the braces. What an expression gives is never read as one again. It sees \`inputs\`, \`steps\`, \`tenant\` (name, timezone), \`members\` (id, name, role), \`trigger\` (kind, by, payload), \`now\` (ISO 8601), \`run\` (id), \`item\` in \`for-each\`, \`failure\` (message, kind) in steps of \`on-failure\`; secrets never.`,
    `Functions and bounds are in [verbs.md](verbs.md#expressions). A run has at most ${MAX_STEPS} steps, a \`for-each\` at most ${MAX_ITEMS} elements.`,
    '## How a run ends',
    table(
      ['status', 'when'],
      [
        ['`success`', 'Every step went well, was skipped, or failed with `on-failure: continue`.'],
        ['`soft-fail`', 'A step failed whose `on-failure` says so: no harm, but not what was meant.'],
        ['`needs-info`', 'The agent’s answer stayed invalid, or an input of a verb was missing or wrong.'],
        ['`blocked`', 'A step failed: refused, unreachable after its retries, denied, undeclared.'],
        ['`manual-override`', 'Somebody answered a question with `override`: they did it by hand.'],
      ],
    ),
    '## Fixtures',
    'A fixture is one run with recorded answers, and what is expected of it. `notify`, `audit` and questions need no recording; every other call does. An answer that nobody asked for is a failure, too.',
    yaml(fixture),
    table(KEYS, rows(FixtureSchema as unknown as Schema)),
    '## What lint refuses',
    table(
      ['rule', 'what holds'],
      RULES.map(({ name, about }) => [code(name), about]),
    ),
  ]);
}

/** docs/verbs.md */
export function verbsPage(): string {
  return pageOf('Verbs, connectors, functions', [
    'What a pack can do. The registry is closed: `uses` holds one of these words, and a connector does only what is listed here. The same tables are what lint, the worker and the connectors read.',
    table(
      ['verb', 'risk', 'what it does'],
      Object.values(VERBS).map(({ name, risk, summary }) => [
        `[${code(name)}](#${name.replaceAll('.', '')})`,
        risk === 'operation' ? 'of the operation' : risk,
        summary,
      ]),
    ),
    ...Object.values(VERBS).flatMap((verb) => [
      `## ${verb.name}`,
      [verb.summary, verb.notes].filter(Boolean).join(' '),
      yaml(verb.example),
      ...section('Input', verb.input as unknown as Schema),
      ...section('Output', verb.output as unknown as Schema),
    ]),
    '# Connectors',
    'Calls of high risk need an `approve` before them on every way to them.',
    ...Object.values(CONNECTORS).flatMap((connector) => [
      `## ${connector.name}`,
      connector.summary,
      table(
        ['secret', 'by default named', 'what it is'],
        Object.entries(connector.secrets).map(([key, { name, description, optional }]) => [
          code(key),
          code(name),
          `${description}${optional ? ' May be missing.' : ''}`,
        ]),
      ),
      ...(Object.keys(connector.settings.properties).length > 0
        ? section('Setting', connector.settings as unknown as Schema)
        : []),
      table(
        ['operation', 'risk', 'effect', 'what it does', 'args', 'gives'],
        Object.entries(connector.operations).map(([name, operation]) => [
          `${code(name)}${operation.service ? ' (`device.call`)' : ''}`,
          operation.risk,
          operation.effect,
          operation.summary,
          named(operation.args as unknown as Schema),
          named(operation.result as unknown as Schema),
        ]),
      ),
      ...Object.entries(connector.events).map(
        ([name, { summary, payload }]) =>
          `Event ${code(name)}: ${summary} \`trigger.payload\`: ${named(payload as unknown as Schema)}.`,
      ),
    ]),
    '# Expressions',
    `CEL, with these functions: ${CEL_FUNCTIONS.map(code).join(', ')}; these macros, none inside another: ${MACROS.map(code).join(', ')}; and these of chp’s own:`,
    table(
      ['function', 'gives'],
      ADDED_FUNCTIONS.map(({ signature, does }) => [code(signature), does]),
    ),
    `Whole numbers that are written down are integers (\`7 / 2\` is 3), numbers in data are not (\`inputs.count / 2\` may be 1.5); both can be mixed. \`a.?b.orValue(c)\` takes what may be missing. There is no \`matches\`. An expression has at most ${LIMITS.source} characters, ${LIMITS.nodes} parts and ${LIMITS.depth} levels; it goes through lists of at most ${LIMITS.list} elements and makes texts of at most ${LIMITS.text} characters.`,
  ]);
}

function section(title: string, schema: Schema): string[] {
  const body = rows(schema);
  if (body.length === 0) return [`${title}: ${schema.description ?? typeOf(schema)}`];
  return [table([title.toLowerCase(), ...KEYS.slice(1)], body)];
}

/** `calendar`, `query?`: keys of an object, those that may be missing with a question mark. */
function named(schema: Schema): string {
  const keys = Object.keys(schema.properties ?? {});
  if (keys.length === 0) return schema.description ?? (schema.properties ? 'nothing' : typeOf(schema));
  return keys.map((key) => code(schema.required?.includes(key) ? key : `${key}?`)).join(', ');
}
