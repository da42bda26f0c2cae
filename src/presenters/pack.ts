import chalk from 'chalk';
import type { InitedPack } from '../operations/packs/init-pack.ts';
import type { LintedFolder } from '../operations/packs/lint-packs.ts';
import type { VerbList } from '../operations/packs/list-verbs.ts';
import { table } from './table.ts';

export function presentLint(packs: readonly LintedFolder[]): string {
  return packs
    .flatMap(({ dir, id, version, problems }) => [
      ...problems.map(
        ({ file, line, col, message, rule }) =>
          `${dir}/${file}:${line}:${col}: ${chalk.yellow('warning')}: ${message} [${rule}]`,
      ),
      `${id} ${version}: no errors${problems.length > 0 ? `, ${counted(problems.length, 'warning')}` : ''}`,
    ])
    .join('\n');
}

export function presentInit({ dir, id, version, files, fixtures }: InitedPack): string {
  return [
    `${id} ${version} is in ${dir}: ${counted(files.length, 'file')}; it passes lint, and ${counted(fixtures.length, 'fixture')} of it passed.`,
    '',
    'Next:',
    `  chp pack graph ${dir}      a picture of its steps`,
    `  chp pack lint ${dir}       after every change`,
    '  chp pack verbs           what a step can do',
  ].join('\n');
}

export function presentVerbs({ verbs, operations }: VerbList): string {
  return [
    table(
      ['VERB', 'RISK', 'WHAT', 'WITH'],
      verbs.map(({ name, risk, summary, input }) => [name, shownRisk(risk), summary, input.join(', ')]),
    ),
    '',
    table(
      ['OPERATION', 'RISK', 'WHAT', 'ARGS'],
      operations.map(({ connector, name, risk, summary, args, device }) => [
        `${connector} ${name}${device ? ' (device.call)' : ''}`,
        shownRisk(risk),
        summary,
        args.join(', '),
      ]),
    ),
    '',
    'More, with examples: docs/verbs.md',
  ].join('\n');
}

const shownRisk = (risk: string): string =>
  risk === 'high' ? chalk.red(risk) : risk === 'medium' ? chalk.yellow(risk) : risk;
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
