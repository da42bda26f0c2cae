import { existsSync } from 'node:fs';
import { ChpError } from '../../../core/errors.ts';

const [SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_NOTADB] = [5, 11, 26];

export const backupPath = (path: string): string => `${path}.bak`;

/** Turns an error of node:sqlite or of the file system into one for the operator; others go through. */
export function sqliteFault(path: string, error: unknown): unknown {
  if (isFileError(error)) return unavailable(path, error.message, error);
  if (!isSqliteError(error)) return error;
  const primary = error.errcode & 0xff;
  if (primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB) return corrupt(path, error.message, error);
  if (primary === SQLITE_BUSY) return unavailable(path, 'another chp has been writing to it for too long', error);
  return unavailable(path, error.message, error);
}

export function corrupt(path: string, why: string, cause?: unknown): ChpError {
  const backup = backupPath(path);
  const aside = `${path}.damaged`;
  return new ChpError('REGISTRY_CORRUPT', `the registry ${path} is damaged`, {
    why: `${why}. It is left as it is; nothing was changed.`,
    next: existsSync(backup)
      ? [
          'End every other chp first.',
          `Put the last copy back: mv ${path} ${aside}; rm -f ${path}-wal ${path}-shm; cp -p ${backup} ${path}`,
          'Then see what changed since: chp tenant list, chp tenant plan TENANT, chp audit verify',
        ]
      : [
          `No copy was made yet (it would be ${backup}): put ${path} back from your own backup.`,
          `Or save what can be read: sqlite3 ${path} .recover | sqlite3 ${path}.recovered`,
        ],
    details: { path, backup: existsSync(backup) ? backup : null },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A new file beside an old log would be damaged by it; and what was lost must not look like a first run. */
export function lost(path: string): ChpError {
  const backup = backupPath(path);
  return new ChpError('REGISTRY_CORRUPT', `the registry ${path} is gone`, {
    why: 'Its copy or its write-ahead log is still there, so this is not a first run.',
    next: [
      ...(existsSync(backup) ? [`Put the copy back: rm -f ${path}-wal ${path}-shm; cp -p ${backup} ${path}`] : []),
      `Or begin anew: move ${path}-wal, ${path}-shm and ${backup} away.`,
    ],
    details: { path, backup: existsSync(backup) ? backup : null },
  });
}

function unavailable(path: string, why: string, cause: unknown): ChpError {
  return new ChpError('REGISTRY_UNAVAILABLE', `the registry ${path} can't be used`, {
    why,
    next: [
      'Look at free disk space, and at owner and mode of the file and its folder (0600, 0700).',
      'Then run it again: nothing is left half done.',
    ],
    details: { path },
    cause,
  });
}

function isSqliteError(error: unknown): error is Error & { errcode: number } {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

function isFileError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}
