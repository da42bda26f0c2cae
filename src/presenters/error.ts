import { chalkStderr } from 'chalk';
import { ChpError } from '../core/errors.ts';
import { redactor } from '../core/redact.ts';

/** Ends a command that failed: JSON on standard output for --json, else text on standard error. No secrets in either. */
export function reportError(fault: ChpError, argv: readonly string[]): void {
  // What stands behind `--` is not for us.
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  if (flags.includes('--json'))
    process.stdout.write(`${JSON.stringify({ ok: false, error: redactor.json(fault.toJSON()) }, null, 2)}\n`);
  else process.stderr.write(`${redactor.text(presentError(fault))}\n`);
  if (flags.includes('--verbose'))
    process.stderr.write(`${redactor.text(String((fault.cause as Error | undefined)?.stack ?? fault.stack))}\n`);
}

/** An error for people: what, why, what next. Chp's own faults say so. */
export function presentError(error: ChpError): string {
  const lines = [`${chalkStderr.red('Error:')} ${error.message}`];
  if (error.why) lines.push(`${chalkStderr.bold('Why:')} ${error.why}`);
  const [first, ...rest] = error.next;
  if (first !== undefined) lines.push(`${chalkStderr.bold('Next:')} ${first}`, ...rest.map((step) => `      ${step}`));
  lines.push(chalkStderr.dim(`(${error.code}, exit ${error.exitCode})`));
  return lines.join('\n');
}

/** Whatever was thrown, as one of ours. `stopped`: a signal came before, so it is what follows from that. */
export function asChpError(error: unknown, stopped = false): ChpError {
  const fault = error instanceof Error ? error : new Error(String(error));
  const ours = error instanceof ChpError ? error : null;
  if (stopped || fault.name === 'AbortError' || fault.name === 'ExitPromptError')
    return new ChpError('INTERRUPTED', ours?.code === 'INTERRUPTED' ? ours.message : 'stopped', {
      ...(ours && ours.code !== 'INTERRUPTED' ? { why: ours.message } : {}),
      next: ours?.next.length
        ? ours.next
        : ['Run the same command again: it goes on from where it stopped, or puts back what was.'],
      cause: error,
    });
  if (ours) return ours;
  return new ChpError('INTERNAL', `a fault in chp: ${fault.message}`, {
    next: ['Please report it, with what --verbose prints.'],
    cause: error,
  });
}
