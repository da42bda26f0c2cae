import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ChpError } from '../../core/errors.ts';

/** Makes the folder with mode 0700 where it is missing. An existing one is left as it is: it may be the operator's own. */
export function privateDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}

/**
 * Content of a 0600 file, made with `make` where it is missing. Of several processes at once one wins and all get
 * the same content; a killed one never leaves half a file.
 * @throws ChpError BAD_INPUT where others may read the file.
 */
export function readOrCreate(path: string, make: () => string): string {
  const existing = readPrivate(path);
  if (existing !== undefined) return existing;
  privateDir(dirname(path));
  const staged = stage(path, make());
  try {
    linkSync(staged, path);
    syncDir(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(staged, { force: true });
  }
  return readPrivate(path) ?? '';
}

/** Content of a 0600 file, or undefined where there is none. @throws ChpError BAD_INPUT where others may read it. */
export function readPrivate(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if ((stat.mode & 0o077) !== 0) {
    throw new ChpError('BAD_INPUT', `others may read ${path}`, {
      why: 'A key that others could read is not a secret any more.',
      next: [`chmod 600 ${path}`, 'Replace the key if somebody else has an account on this machine.'],
    });
  }
  return readFileSync(path, 'utf8');
}

/** Replaces a 0600 file as a whole. */
export function writePrivate(path: string, content: string): void {
  privateDir(dirname(path));
  renameSync(stage(path, content), path);
}

function stage(path: string, content: string): string {
  const staged = join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}`);
  const file = openSync(staged, 'wx', 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return staged;
}

function syncDir(dir: string): void {
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
