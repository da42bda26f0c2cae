import { distance } from 'fastest-levenshtein';
import type { LineCounter } from 'yaml';
import { ChpError } from '../../core/errors.ts';

/** One thing that is wrong with a document. */
export interface Problem {
  /** 1-based. */
  line: number;
  col: number;
  message: string;
  suggestion?: string;
}

/** BAD_DOCUMENT with every problem: `file:line:col`, the line itself, a caret, what was expected, a suggestion. */
export function badDocument(file: string, text: string, problems: readonly Problem[]): ChpError {
  const lines = text.split('\n');
  const shown = [...problems]
    .sort((a, b) => a.line - b.line || a.col - b.col)
    .map(({ line, col, message, suggestion }) => {
      const source = (lines[line - 1] ?? '').replace(/\t/g, ' ').slice(0, 160);
      const caret = `${' '.repeat(Math.min(col - 1, 160))}^`;
      return [
        `${file}:${line}:${col}: ${message}`,
        `  ${source}`,
        `  ${caret}${suggestion ? ` ${suggestion}` : ''}`,
      ].join('\n');
    });
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new ChpError('BAD_DOCUMENT', `${file} has ${count}\n${shown.join('\n')}`, {
    next: ['Every key is described in docs/tenant-yaml.md; editors complete it from schemas/tenant.schema.json.'],
    details: { problems },
  });
}

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
