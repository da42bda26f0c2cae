import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import { chpHome } from '../../core/home.ts';
import { readOrCreate } from './private-files.ts';

/**
 * Passphrase that encrypts the secrets in the Pulumi state: CHP_PASSPHRASE, else the file that CHP_PASSPHRASE_FILE
 * names, else `keys/passphrase`, made on first use.
 * @throws ChpError BAD_INPUT where the file is missing or empty.
 */
export function statePassphrase(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CHP_PASSPHRASE) return env.CHP_PASSPHRASE;
  if (env.CHP_PASSPHRASE_FILE) return fromFile(env.CHP_PASSPHRASE_FILE);
  const path = join(chpHome(env).keys, 'passphrase');
  return notEmpty(
    path,
    readOrCreate(path, () => `${randomBytes(32).toString('base64url')}\n`),
  );
}

function fromFile(path: string): string {
  try {
    return notEmpty(path, readFileSync(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof ChpError) throw cause;
    throw new ChpError('BAD_INPUT', `CHP_PASSPHRASE_FILE can't be read: ${path}`, {
      why: cause instanceof Error ? cause.message : String(cause),
      next: ['Correct the path, or unset CHP_PASSPHRASE_FILE to use the one under CHP_HOME.'],
      cause,
    });
  }
}

function notEmpty(path: string, text: string): string {
  const passphrase = text.replace(/\r?\n$/, '');
  if (passphrase !== '') return passphrase;
  throw new ChpError('BAD_INPUT', `the passphrase file ${path} is empty`, {
    why: 'State encrypted with an empty passphrase is not encrypted.',
    next: ['Put the passphrase back from a backup; without it the state can’t be read.'],
  });
}
