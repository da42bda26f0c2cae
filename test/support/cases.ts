import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CASES = fileURLToPath(new URL('../cases', import.meta.url));

/** One data file of test/cases: its name, and its parts between lines of `=====`. */
export interface Case {
  name: string;
  parts: string[];
}

/** Every `.case` file of a folder below test/cases. */
export function cases(...folder: string[]): Case[] {
  const dir = join(CASES, ...folder);
  const files = readdirSync(dir).filter((file) => extname(file) === '.case');
  if (files.length === 0) throw new Error(`no cases in ${dir}`);
  return files.sort().map((file) => ({
    name: basename(file, '.case'),
    parts: readFileSync(join(dir, file), 'utf8').split(/^=====\n/m),
  }));
}

/** Every `.json` file of a folder below test/cases, with its name. */
export function jsonCases<T>(...folder: string[]): (T & { name: string })[] {
  const dir = join(CASES, ...folder);
  const files = readdirSync(dir).filter((file) => extname(file) === '.json');
  if (files.length === 0) throw new Error(`no cases in ${dir}`);
  return files
    .sort()
    .map((file) => ({ ...JSON.parse(readFileSync(join(dir, file), 'utf8')), name: basename(file, '.json') }));
}

/** Without blanks at line ends: editors take them away. */
export const trimmed = (text: string): string => text.replace(/[ \t]+$/gm, '').trimEnd();
