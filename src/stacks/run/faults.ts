import { ChpError } from '../../core/errors.ts';
import { decodeError } from '../provider/errors.ts';

/** An engine's failure as an operator should read it. */
export function explainFailure(tenant: string, error: unknown): ChpError {
  if (error instanceof ChpError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const own = decodeError(text);
  if (own) return own;
  if (/currently locked|stack is locked/i.test(text)) {
    const holder = /created by (\S+) \(pid (\d+)\) at (\S+)/.exec(text);
    return new ChpError('LOCKED', `the Pulumi state of ${tenant} is locked`, {
      why: holder
        ? `${holder[1]} (pid ${holder[2]}) has held it since ${holder[3]}.`
        : 'Another run holds it, or was killed.',
      next: [`When that run is dead: chp tenant apply ${tenant} --repair`],
      details: { holder: holder?.slice(1, 4) ?? null },
    });
  }
  if (/pending operations|pending create/i.test(text))
    return new ChpError('STATE_STUCK', `the Pulumi state of ${tenant} has operations that never ended`, {
      why: 'An earlier run was killed while it changed something.',
      next: [`chp tenant apply ${tenant} --repair`],
    });
  if (/incorrect passphrase/i.test(text))
    return new ChpError('ENGINE_FAILED', `the Pulumi state of ${tenant} can't be decrypted`, {
      why: 'The passphrase is not the one that it was made with.',
      next: ['Set CHP_PASSPHRASE_FILE to the right file, or put back $CHP_HOME/keys.'],
    });
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /error|fail/i.test(line));
  return new ChpError('ENGINE_FAILED', `Pulumi failed for ${tenant}`, {
    why: (lines.slice(0, 6).join('\n') || text).slice(0, 1_500),
    cause: error,
  });
}
