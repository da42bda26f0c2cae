import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChpError } from '../core/errors.ts';
import { mayHold, PACK_LIMITS } from './tarball.ts';

/** Texts of a pack’s folder by path below it, with what can’t be in a pack beside them. */
export interface PackFolder {
  files: ReadonlyMap<string, string>;
  /** Paths that a pack may not hold, or that are no UTF-8 text; each with the reason. */
  refused: ReadonlyMap<string, string>;
}

/**
 * Reads a pack’s folder within the caps of a pack. Links are refused, dotfiles ignored.
 * @throws ChpError NOT_FOUND when there is no pack.yaml
 */
export async function readPackFolder(dir: string): Promise<PackFolder> {
  const files = new Map<string, string>();
  const refused = new Map<string, string>();
  let bytes = 0;
  const visit = async (folder: string): Promise<void> => {
    const entries = await readdir(join(dir, folder)).catch(() => [] as string[]);
    for (const name of entries.sort()) {
      if (name.startsWith('.')) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      const info = await lstat(join(dir, path));
      if (info.isFile()) bytes += info.size;
      if (info.isDirectory()) await visit(path);
      else if (!info.isFile()) refused.set(path, 'it is no plain file');
      else if (!mayHold(path))
        refused.set(path, 'a pack holds pack.yaml, README.md, LICENSE, prompts/ and fixtures/ only');
      else if (files.size >= PACK_LIMITS.files) refused.set(path, `a pack holds at most ${PACK_LIMITS.files} files`);
      else if (bytes > PACK_LIMITS.unpacked)
        refused.set(path, `a pack holds at most ${PACK_LIMITS.unpacked / 1024 / 1024} MiB`);
      else {
        const text = decode(await readFile(join(dir, path)));
        if (text === null) refused.set(path, 'it is no UTF-8 text');
        else files.set(path, text);
      }
    }
  };
  await visit('');
  if (!files.has('pack.yaml') && !refused.has('pack.yaml'))
    throw new ChpError('NOT_FOUND', `${dir} holds no pack.yaml`, {
      next: [`Begin a pack there: chp pack init ${dir}`],
    });
  return { files, refused };
}

/** The same from the verified files of a tarball. */
export function packFolderOf(files: Iterable<readonly [string, Uint8Array]>): PackFolder {
  const texts = new Map<string, string>();
  const refused = new Map<string, string>();
  for (const [path, bytes] of files) {
    const text = decode(bytes);
    if (text === null) refused.set(path, 'it is no UTF-8 text');
    else texts.set(path, text);
  }
  return { files: texts, refused };
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
