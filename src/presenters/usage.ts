import { didYouMean } from '../core/documents/problems.ts';
import { ChpError } from '../core/errors.ts';

/** What oclif's parser throws; `flags` = those that do not exist. */
interface ParseError extends Error {
  parse?: unknown;
  flags?: string[];
}

/** True for what the operator typed wrong. */
export function isUsageError(error: Error): error is ParseError {
  // A value that its flag refuses is told apart by its words only.
  return 'parse' in error || error.message.startsWith('Parsing --');
}

/** BAD_INPUT in oclif's words, with the flag that was probably meant. */
export function usageError(error: ParseError, id: string, flags: readonly string[]): ChpError {
  const near = (error.flags ?? []).flatMap((flag) => didYouMean(flag.replace(/^-+/, ''), flags) ?? []);
  const lines = error.message.split('\n').map((line) => line.trim());
  const message = lines.filter((line) => line && !line.startsWith('See more help')).join(' ');
  return new ChpError('BAD_INPUT', message, {
    next: [...near.map((hint) => hint.replace('"', '"--').replace('did', 'Did')), `${command(id)} --help`],
  });
}

/** BAD_INPUT for a command that does not exist, with the one that was probably meant. */
export function unknownCommand(id: string, ids: readonly string[]): ChpError {
  const near = didYouMean(id, ids);
  return new ChpError('BAD_INPUT', `there is no command "${command(id)}"`, {
    next: [...(near ? [near.replace('did', 'Did').replaceAll(':', ' ')] : []), 'chp --help'],
  });
}

const command = (id: string): string => `chp ${id.replaceAll(':', ' ')}`.trim();
