import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/** The values of JSON lines. What is no JSON (torn by a power cut, or another program's words) is passed over. Pure. */
export function jsonLines<T>(text: string): T[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as T];
    } catch {
      return [];
    }
  });
}

/** As `jsonLines`, of a file; empty where there is none. */
export function readJsonLines<T>(path: string): T[] {
  try {
    return jsonLines(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Adds a line, readable for its owner alone; with `flush` it is on the disk when this returns. */
export function appendJsonLine(path: string, value: unknown, flush: boolean): void {
  const file = openSync(path, 'a', 0o600);
  try {
    // Each line begins with its own end: one that a power cut tore apart does not swallow the next.
    writeSync(file, `\n${JSON.stringify(value)}\n`);
    if (flush) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
