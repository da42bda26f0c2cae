import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of chp's own package. Found by going up: a module lies elsewhere once it is bundled. */
export const PACKAGE_ROOT = above(dirname(fileURLToPath(import.meta.url)));

/** A file or folder that comes with chp, for example `packagePath('templates', 'skills')`. */
export function packagePath(...parts: string[]): string {
  return join(PACKAGE_ROOT, ...parts);
}

function above(dir: string): string {
  const parent = dirname(dir);
  return existsSync(join(dir, 'package.json')) || parent === dir ? dir : above(parent);
}
