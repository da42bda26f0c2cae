import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { ChpError } from '../core/errors.ts';
import type { NewDocument } from './apply-tenant.ts';

/** A document from a file, or from standard input for `-`. @throws NOT_FOUND */
export async function readDocument(file: string): Promise<NewDocument> {
  if (file === '-') return { text: await text(process.stdin), file: '(standard input)', baseDir: process.cwd() };
  try {
    return { text: await readFile(file, 'utf8'), file, baseDir: dirname(resolve(file)) };
  } catch (cause) {
    throw new ChpError('NOT_FOUND', `${file} can't be read: ${(cause as Error).message}`, { cause });
  }
}
