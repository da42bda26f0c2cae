import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { CaseResult, LimitResult } from './harness.ts';

/** The machine's own words about itself: figures mean nothing without them. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  system: string;
  node: string;
}

export function machine(): Machine {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() || 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(readText('/etc/os-release'))?.[1] ?? process.platform,
    node: process.version,
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export const BEGIN = '<!-- bench:begin -->';
export const END = '<!-- bench:end -->';

/** The measured part of docs/performance.md. */
export function markdown(on: Machine, cases: readonly CaseResult[]): string {
  return [
    `Machine: ${on.cpu}, ${on.cores} cores, ${on.memoryGiB} GiB, Linux ${on.kernel}, ${on.system}, node ${on.node}.`,
    ...cases.flatMap((result) => [
      '',
      `### ${result.title}`,
      '',
      ...sidesTable(result),
      ...limitsTable(result),
      ...notes(result),
    ]),
  ].join('\n');
}

function sidesTable(result: CaseResult): string[] {
  return [
    '| | median | min | max | rounds |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...result.sides.map(
      (side) => `| ${side.label} | ${ms(side.medianMs)} | ${ms(side.minMs)} | ${ms(side.maxMs)} | ${side.rounds} |`,
    ),
    '',
  ];
}

function limitsTable(result: CaseResult): string[] {
  if (result.limits.length === 0) return [];
  return [
    '| compared | ratio | limit | |',
    '| --- | ---: | ---: | --- |',
    ...result.limits.map(
      (limit) =>
        `| ${compared(limit)} | ${shown(limit, limit.ratio)} | ≤ ${shown(limit, limit.atMost)} | ${verdict(limit)} |`,
    ),
  ];
}

const notes = (result: CaseResult): string[] =>
  result.notes.length > 0 ? ['', ...result.notes.map((note) => `- ${note}`)] : [];

/** A case in lines, for the terminal. */
export function terminal(result: CaseResult): string {
  const width = Math.max(...result.sides.map((side) => side.label.length));
  return [
    result.title,
    ...result.sides.map(
      (side) =>
        `  ${side.label.padEnd(width)}  ${ms(side.medianMs).padStart(10)}   (${ms(side.minMs)} to ${ms(side.maxMs)})`,
    ),
    ...result.limits.map(
      (limit) =>
        `  ${compared(limit)} = ${shown(limit, limit.ratio)}, limit ${shown(limit, limit.atMost)}: ${verdict(limit)}`,
    ),
    ...result.notes.map((note) => `  ${note}`),
    '',
  ].join('\n');
}

const compared = ({ subject, than }: LimitResult): string => (than === null ? subject : `${subject} ÷ ${than}`);
const shown = ({ than }: LimitResult, value: number): string => (than === null ? ms(value) : figure(value));
const verdict = (limit: LimitResult): string => (limit.kept ? 'kept' : 'BROKEN');
const figure = (value: number): string => (value >= 0.095 ? value.toFixed(2) : value.toFixed(3));
const ms = (value: number): string =>
  value < 10_000 ? `${value.toFixed(value < 100 ? 1 : 0)} ms` : `${(value / 1000).toFixed(1)} s`;

/** Puts the measured part between its markers. @throws Error when the page has lost them */
export function fillPage(page: string, measured: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/performance.md lacks ${BEGIN} … ${END}`);
  return `${before}${BEGIN}\n${measured}\n${END}${after}`;
}
