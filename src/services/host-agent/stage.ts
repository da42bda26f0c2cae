import { existsSync, linkSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../core/digest.ts';
import type { GenerationFile, SignedGeneration } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import type { Store } from './store.ts';

/** Files that are written and flushed together. */
const BATCH = 64;

/**
 * Writes a generation's directory, complete and on disk before it has its name. Replaces a damaged one. Files that the
 * `previous` one has, whole, are linked to; the others come from the store.
 */
export async function stageGeneration(
  root: string,
  signed: SignedGeneration,
  store: Store,
  previous: SignedGeneration | null,
): Promise<void> {
  const { generations } = tenantLayout(root, signed.manifest.tenant);
  const final = join(generations, signed.digest);
  const temporary = `${final}.new`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true, mode: 0o755 });
  const { files } = signed.manifest;
  for (const folder of new Set(files.map(({ path }) => dirname(path))))
    mkdirSync(join(temporary, folder), { recursive: true, mode: 0o755 });
  const link = linker(generations, previous);
  const missing = files.filter((file) => !link(file, join(temporary, file.path)));
  for (let at = 0; at < missing.length; at += BATCH) {
    const batch = missing.slice(at, at + BATCH);
    const paths = await Promise.all(batch.map((file) => copy(file, store, join(temporary, file.path))));
    // All are written before the first is flushed: the disk takes them in one go.
    await Promise.all(paths.map(flush));
  }
  await writeFile(join(temporary, 'generation.json'), JSON.stringify(signed), { mode: 0o644, flush: true });
  if (existsSync(final)) {
    await rm(`${final}.old`, { recursive: true, force: true });
    await rename(final, `${final}.old`);
  }
  await rename(temporary, final);
  await rm(`${final}.old`, { recursive: true, force: true });
  await flush(generations);
}

/** Links a file to the previous generation's when that has the same one; false where it has not, or can't. */
function linker(generations: string, previous: SignedGeneration | null): (file: GenerationFile, to: string) => boolean {
  const known = new Map(previous?.manifest.files.map((file) => [file.path, file]));
  return (file, to) => {
    const old = known.get(file.path);
    if (!previous || old?.sha256 !== file.sha256) return false;
    const from = join(generations, previous.digest, file.path);
    try {
      // What was changed by hand must not come along.
      const stat = lstatSync(from);
      if (!stat.isFile() || (stat.mode & 0o777) !== file.mode || sha256(readFileSync(from)) !== file.sha256)
        return false;
      linkSync(from, to);
      return true;
    } catch {
      return false;
    }
  };
}

async function copy(file: GenerationFile, store: Store, to: string): Promise<string> {
  await writeFile(to, await store.read(file.sha256));
  await chmod(to, file.mode);
  return to;
}

/** A file, or a folder: its names. */
async function flush(path: string): Promise<void> {
  await using handle = await open(path);
  await handle.sync();
}
