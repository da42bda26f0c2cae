import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { ChpError } from '../../../core/errors.ts';

export function readOrNull(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** @returns true when the file was not as it is to be. @throws HOST_UNFIT */
export function writeIfChanged(path: string, content: string, mode: number): boolean {
  if (readOrNull(path) === content) return false;
  try {
    writeFileSync(`${path}.chp-new`, content, { mode });
    renameSync(`${path}.chp-new`, path);
  } catch (cause) {
    throw new ChpError('HOST_UNFIT', `${path} could not be written: ${(cause as Error).message}`, { cause });
  }
  return true;
}

/** Puts values in the place of `{{name}}`. */
export function fillTemplate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
}
