import { distance } from 'fastest-levenshtein';
import type { LineCounter } from 'yaml';
import { ChpError } from '../errors.ts';
import { maskSecrets } from './looks-secret.ts';

/** One thing that is wrong with a document. */
export interface Problem {
  /** 1-based. */
  line: number;
  col: number;
  message: string;
  suggestion?: string;
}

/** One mistake can be thousands of problems to a parser; that many are looked at. */
export const MAX_PROBLEMS = 100;
const MAX_SHOWN = 20;
const WIDTH = 160;

/**
 * BAD_DOCUMENT with every problem. `next` says where the format is described.
 * Errors end in logs and in the audit: what looks like a secret is not in them.
 */
export function badDocument(
  file: string,
  text: string,
  problems: readonly Problem[],
  next: readonly string[] = [],
): ChpError {
  const masked = problems
    .map((problem) => ({ ...problem, message: maskSecrets(problem.message).slice(0, 1_000) }))
    .sort(byPosition)
    .slice(0, MAX_SHOWN);
  const lines = text.split(/\r\n|\r|\n/);
  const shown = masked.map((problem) => excerptOf(file, lines[problem.line - 1] ?? '', problem));
  const cut = problems.length >= MAX_PROBLEMS;
  const more = problems.length - masked.length;
  if (more > 0) shown.push(cut ? '… and more' : `… and ${more} more`);
  const many = cut ? `${MAX_PROBLEMS} problems or more` : `${problems.length} problems`;
  const count = problems.length === 1 ? 'a problem' : many;
  return new ChpError('BAD_DOCUMENT', `${file} has ${count}\n${shown.join('\n')}`, {
    next,
    details: { problems: masked },
  });
}

/** `file:line:col: message`, the line itself, a caret and the suggestion. No secret is in it. */
export function excerpt(file: string, text: string, problem: Problem): string {
  return excerptOf(file, text.split(/\r\n|\r|\n/)[problem.line - 1] ?? '', problem);
}

function excerptOf(file: string, source: string, { line, col, message, suggestion }: Problem): string {
  // A long line is cut so that the place itself stays to be seen.
  const from = col > WIDTH - 20 ? col - WIDTH / 2 : 0;
  const part = maskSecrets(source)
    .replace(/\p{Cc}/gu, ' ')
    .slice(from, from + WIDTH);
  const caret = `${' '.repeat(Math.max(0, col - 1 - from))}^`;
  return [
    `${file}:${line}:${col}: ${maskSecrets(message)}`,
    `  ${part}`,
    `  ${caret}${suggestion ? ` ${suggestion}` : ''}`,
  ].join('\n');
}

export const byPosition = (a: Problem, b: Problem): number => a.line - b.line || a.col - b.col;

export function at(counter: LineCounter, offset: number): { line: number; col: number } {
  const { line, col } = counter.linePos(offset);
  return { line: Math.max(1, line), col: Math.max(1, col) };
}

/** "did you mean", when a known word is near enough to be meant. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const near = known
    .map((name) => ({ name, far: howFar(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0];
  return near && near.far <= Math.max(1, Math.floor(near.name.length / 3)) ? `did you mean "${near.name}"?` : undefined;
}

/** Two letters that changed places are one mistake, not two. */
function howFar(word: string, name: string): number {
  const swapped = word.length === name.length && [...word].sort().join('') === [...name].sort().join('');
  return distance(word, name) - (swapped && word !== name ? 1 : 0);
}
