import chalk from 'chalk';
import { ChpError } from '../core/errors.ts';

/** An error for people: what, why, what next. Chp's own faults say so. */
export function presentError(error: ChpError): string {
  const lines = [`${chalk.red('Error:')} ${error.message}`];
  if (error.why) lines.push(`${chalk.bold('Why:')} ${error.why}`);
  const [first, ...rest] = error.next;
  if (first !== undefined) lines.push(`${chalk.bold('Next:')} ${first}`, ...rest.map((step) => `      ${step}`));
  lines.push(chalk.dim(`(${error.code}, exit ${error.exitCode})`));
  return lines.join('\n');
}

/** Whatever was thrown, as one of ours. */
export function asChpError(error: unknown): ChpError {
  if (error instanceof ChpError) return error;
  const fault = error as Error;
  if (/^command .* not found$/.test(fault.message))
    return new ChpError('BAD_INPUT', `${fault.message.replaceAll(':', ' ')}`, { next: ['chp --help'] });
  if (fault.name === 'AbortError' || fault.name === 'ExitPromptError')
    return new ChpError('INTERRUPTED', 'stopped', {
      next: ['Run the same command again: it goes on from where it stopped, or puts back what was.'],
    });
  return new ChpError('INTERNAL', `a fault in chp: ${fault.message ?? String(error)}`, {
    next: ['Please report it, with what --verbose prints.'],
    cause: error,
  });
}
