import { byPosition, type Problem } from '../../core/documents/problems.ts';
import { compilePack } from '../compile.ts';
import type { CompiledPack } from '../compiled.ts';
import type { PackFolder } from '../load.ts';
import type { PackDocument } from '../schema.ts';
import { validatePack } from '../validate.ts';
import { walkSteps } from '../walk.ts';
import { findExpressions } from './find-expressions.ts';
import type { Finding, LintedPack } from './rule.ts';
import { RULES } from './rules/index.ts';

/** One thing that is wrong with a pack. */
export interface PackProblem extends Problem {
  /** Below the pack’s folder. */
  file: string;
  severity: 'error' | 'warning';
  /** Name of the rule, or `schema`. */
  rule: string;
}

export interface LintResult {
  /** In order of file and position. */
  problems: PackProblem[];
  /** null when there is an error. */
  pack: CompiledPack | null;
  /** As far as it could be read. */
  document: PackDocument | null;
  /** false: pack.yaml has faults of shape, and rules were not looked at. */
  complete: boolean;
}

const FILE = 'pack.yaml';

/** Every problem of a pack at once. @param others documents of packs it may start, for cycles */
export function lintPack({ files, refused }: PackFolder, others: readonly PackDocument[] = []): LintResult {
  const text = files.get(FILE);
  if (text === undefined) {
    const why = refused.get(FILE) ?? 'it is missing';
    const problem = { file: FILE, line: 1, col: 1, severity: 'error', rule: 'caps', message: why } as const;
    return { problems: [problem], pack: null, document: null, complete: false };
  }
  const { problems: wrong, document, yaml } = validatePack(text);
  const problems = wrong.map((one): PackProblem => ({ ...one, file: FILE, severity: 'error', rule: 'schema' }));
  if (!document || !yaml) return { problems, pack: null, document: null, complete: false };
  const linted: LintedPack = {
    document,
    yaml,
    files,
    refused,
    steps: walkSteps(document).steps,
    expressions: findExpressions(document, files),
    others: others.filter(({ id }) => id !== document.id),
  };
  for (const rule of RULES) for (const finding of rule.check(linted)) problems.push(placed(finding, rule.name, linted));
  problems.sort(
    (a, b) => Number(a.file !== FILE) - Number(b.file !== FILE) || a.file.localeCompare(b.file) || byPosition(a, b),
  );
  const sound = problems.every(({ severity }) => severity === 'warning');
  return { problems, pack: sound ? compilePack(document, files) : null, document, complete: true };
}

function placed(finding: Finding, rule: string, pack: LintedPack): PackProblem {
  const { file = FILE, message, suggestion, severity = 'error' } = finding;
  return { file, ...positionOf(finding, pack), severity, rule, message, ...(suggestion ? { suggestion } : {}) };
}

function positionOf({ path = [], key, piece, file, offset = 0, place }: Finding, { files, yaml }: LintedPack) {
  if (place) return place;
  if (file !== undefined) return positionIn(files.get(file) ?? '', offset);
  return piece === undefined ? yaml.locate(path, key) : yaml.locateText(path, piece);
}

function positionIn(text: string, offset: number): { line: number; col: number } {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, col: (lines.at(-1)?.length ?? 0) + 1 };
}
