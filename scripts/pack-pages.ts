import { readdirSync } from 'node:fs';
import { packagePath } from '../src/core/package-root.ts';
import { fixturesOf } from '../src/packs/fixture-file.ts';
import { toMermaid } from '../src/packs/graph/mermaid.ts';
import { graphOf } from '../src/packs/graph/model.ts';
import { lintPack } from '../src/packs/lint/lint.ts';
import { readPackFolder } from '../src/packs/load.ts';
import { highest, riskOf } from '../src/packs/risk.ts';
import type { PackDocument, PackInput } from '../src/packs/schema.ts';
import { walkSteps } from '../src/packs/walk.ts';
import { pageOf, table } from './schema-docs.ts';

const PACKS = packagePath('workflow-packs');
const code = (text: string): string => `\`${text}\``;

/** docs/packs/<id>.md of every pack that comes with chp, from the pack itself, and the index of them. @throws when one has errors */
export async function packPages(): Promise<Record<string, string>> {
  const ids = readdirSync(PACKS).sort();
  const packs = await Promise.all(ids.map((id) => readPackFolder(packagePath('workflow-packs', id))));
  const linted = packs.map((folder, index) => {
    const { document, pack } = lintPack(folder);
    if (!document || !pack)
      throw new Error(`the pack ${ids[index]} has errors: chp pack lint workflow-packs/${ids[index]}`);
    return { document, page: pageOfPack(document, folder.files) };
  });
  return {
    ...Object.fromEntries(linted.map(({ document, page }) => [`docs/packs/${document.id}.md`, page])),
    'docs/packs/README.md': index(linted.map(({ document }) => document)),
  };
}

function index(packs: readonly PackDocument[]): string {
  const rows = packs.map((pack) => [`[${pack.id}](${pack.id}.md)`, pack.description, startsOf(pack), riskIn(pack)]);
  return pageOf('Packs that come with chp', [
    'Install one: `chp pack install TENANT PACK --input NAME=VALUE`. Write your own: [the tutorial](../tutorial-packs.md), [pack.yaml](../pack-yaml.md), [verbs](../verbs.md).',
    table(['pack', 'what it does', 'starts', 'highest risk'], rows),
  ]);
}

function pageOfPack(pack: PackDocument, files: ReadonlyMap<string, string>): string {
  const { id, version, description, inputs = {}, requires = {}, outputs = {} } = pack;
  const parts = [
    description,
    table(['version', 'starts', 'highest risk', 'licence'], [[version, startsOf(pack), riskIn(pack), pack.licence]]),
    `\`\`\`sh\n${installLine(id, inputs)}\nchp pack run TENANT ${id} --dry-run\n\`\`\``,
    '## Inputs',
    Object.keys(inputs).length === 0
      ? 'None.'
      : table(['input', 'type', 'default', 'meaning'], Object.entries(inputs).map(inputRow)),
    '## Needs',
    needs(requires),
    '## Steps',
    `\`\`\`mermaid\n${toMermaid(graphOf(pack)).trimEnd()}\n\`\`\``,
    'Green: low risk. Yellow: medium. Red: high. Blue: people are asked, and it goes on only with their answer.',
    '## How it ends',
    table(['fixture', 'ends as', 'what it shows'], fixtureRows(files)),
    `\`chp pack test workflow-packs/${id}\` plays them. Statuses: [pack.yaml](../pack-yaml.md#how-a-run-ends).`,
  ];
  if (Object.keys(outputs).length > 0) parts.push(`Outputs: ${Object.keys(outputs).map(code).join(', ')}.`);
  return pageOf(id, parts);
}

/** With the inputs that have no default. */
function installLine(id: string, inputs: Readonly<Record<string, PackInput>>): string {
  const open = Object.entries(inputs).filter(([, input]) => isNeeded(input));
  return [`chp pack install TENANT ${id}`, ...open.map(([name]) => `--input ${name}=…`)].join(' ');
}

const isNeeded = (input: PackInput): boolean => input.default === undefined && input.optional !== true;

function inputRow([name, input]: [string, PackInput]): string[] {
  const { type, description, default: given } = input;
  const words = input.options?.map((word) => code(String(word))).join(' ');
  const bounds = [
    input.min === undefined ? '' : `at least ${input.min}`,
    input.max === undefined ? '' : `at most ${input.max}`,
  ];
  const meaning = [description, ...bounds.filter(Boolean).map((bound) => `(${bound})`), words]
    .filter(Boolean)
    .join(' ');
  return [
    `${code(name)}${isNeeded(input) ? ' (required)' : ''}`,
    type,
    given === undefined ? '' : code(JSON.stringify(given)),
    meaning,
  ];
}

function needs({
  skills = {},
  connectors = [],
  secrets = [],
  roles = [],
  packs = [],
}: NonNullable<PackDocument['requires']>): string {
  const rows = [
    ['skills', Object.entries(skills).map(([name, range]) => code(`${name} ${range}`))],
    ['connectors', connectors.map((name) => `[${code(name)}](../verbs.md#${name})`)],
    ['secrets', secrets.map(code)],
    ['members with the role', roles.map(code)],
    ['packs', packs.map((name) => `[${code(name)}](${name}.md)`)],
  ] as const;
  const said = rows.filter(([, all]) => all.length > 0);
  if (said.length === 0) return 'Nothing beside a tenant.';
  return `${table(
    ['what', 'which'],
    said.map(([what, all]) => [what, all.join(', ')]),
  )}\n\nWhat is missing is named before anything changes, with the command that supplies it.`;
}

const startsOf = (pack: PackDocument): string => graphOf(pack).starts.join('; ');
const riskIn = (pack: PackDocument): string => highest(walkSteps(pack).steps.map(({ step }) => riskOf(step)));

const fixtureRows = (files: ReadonlyMap<string, string>): string[][] =>
  [...fixturesOf(files)].map(([name, { description, expect }]) => [code(name), code(expect.status), description]);
