import { distance } from 'fastest-levenshtein';
import type { LineCounter } from 'yaml';
import { ChpError } from '../errors.ts';

/** One thing that is wrong with a document. */
export interface Problem {
  /** 1-based. */
  line: number;
  col: number;
  message: string;
  suggestion?: string;
}

/** BAD_DOCUMENT with every problem. `next` says where the format is described. */
export function badDocument(
  file: string,
  text: string,
  problems: readonly Problem[],
  next: readonly string[] = [],
): ChpError {
  const shown = [...problems].sort(byPosition).map((problem) => excerpt(file, text, problem));
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new ChpError('BAD_DOCUMENT', `${file} has ${count}\n${shown.join('\n')}`, { next, details: { problems } });
}

/** `file:line:col: message`, the line itself, a caret and the suggestion. */
export function excerpt(file: string, text: string, { line, col, message, suggestion }: Problem): string {
  const source = (text.split('\n')[line - 1] ?? '').replace(/\t/g, ' ');
  // A long line is cut so that the place itself stays to be seen.
  const from = col > 140 ? col - 60 : 0;
  const caret = `${' '.repeat(col - 1 - from)}^`;
  return [
    `${file}:${line}:${col}: ${message}`,
    `  ${source.slice(from, from + 160)}`,
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
    .map((name) => ({ name, far: distance(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0];
  return near && near.far <= Math.max(1, Math.floor(near.name.length / 3)) ? `did you mean "${near.name}"?` : undefined;
}
