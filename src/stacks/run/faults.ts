import { ChpError } from '../../core/errors.ts';
import { decodeError } from '../provider/errors.ts';
import { parseLocks } from './locks.ts';

/** An engine's failure as an operator should read it. */
export function explainFailure(tenant: string, error: unknown): ChpError {
  if (error instanceof ChpError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return decodeError(text) ?? lockFault(tenant, text) ?? stateFault(tenant, text) ?? engineFault(tenant, text, error);
}

function lockFault(tenant: string, text: string): ChpError | null {
  if (!/currently locked|stack is locked/i.test(text)) return null;
  const locks = parseLocks(text);
  const holders = locks.map(({ user, host, pid, since }) => `${user} on ${host} (pid ${pid}) since ${since}`);
  return new ChpError('LOCKED', `the Pulumi state of ${tenant} is locked by another run`, {
    why: holders.length > 0 ? `It is held by ${holders.join(', and by ')}.` : 'Who holds it is not known.',
    next: [
      'Wait for that run to end.',
      ...locks.map(({ url, pid, host }) => `When process ${pid} is gone from ${host}: remove ${url}`),
    ],
    details: { locks },
  });
}

function stateFault(tenant: string, text: string): ChpError | null {
  if (/pending operations?\b.*(error|fail)|error:.*pending operation/i.test(text))
    return new ChpError('STATE_STUCK', `the Pulumi state of ${tenant} has operations that never ended`, {
      why: 'An earlier run was killed while it changed something, and this engine does not go on by itself.',
      next: [`chp tenant apply ${tenant}`],
    });
  if (/incorrect passphrase/i.test(text))
    return new ChpError('ENGINE_FAILED', `the Pulumi state of ${tenant} can't be decrypted`, {
      why: 'The passphrase is not the one that it was made with.',
      next: ['Set CHP_PASSPHRASE_FILE to the right file, or put back $CHP_HOME/keys.'],
    });
  if (
    /could not deserialize deployment|unmarshal|invalid character|unexpected end of JSON|failed to load checkpoint/i.test(
      text,
    )
  )
    return new ChpError('INTEGRITY', `the Pulumi state of ${tenant} is damaged`, {
      why: firstErrors(text),
      next: [`Put back the copy beside it: $CHP_HOME/pulumi/.pulumi/stacks/chp/${tenant}.json.bak, or one of yours.`],
    });
  return null;
}

function engineFault(tenant: string, text: string, cause: unknown): ChpError {
  return new ChpError('ENGINE_FAILED', `Pulumi failed for ${tenant}`, {
    why: firstErrors(text) || text.trim().slice(-1_500),
    next: ['Run the same command again; if it stays, look at what it says.'],
    cause,
  });
}

function firstErrors(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return [...new Set(lines.filter((line) => /error|fail/i.test(line)))].slice(0, 6).join('\n').slice(0, 1_500);
}
