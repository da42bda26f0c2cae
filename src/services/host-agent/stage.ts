import { existsSync } from 'node:fs';
import { chmod, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SignedGeneration } from '../../core/generation.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import type { Store } from './store.ts';

/** Writes a generation's directory from the store, complete and on disk before it has its name. Replaces a damaged one. */
export async function stageGeneration(root: string, signed: SignedGeneration, store: Store): Promise<void> {
  const { generations } = tenantLayout(root, signed.manifest.tenant);
  const final = join(generations, signed.digest);
  const temporary = `${final}.new`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true, mode: 0o755 });
  for (const file of signed.manifest.files) {
    const path = join(temporary, file.path);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await writeFile(path, await store.read(file.sha256), { flush: true });
    await chmod(path, file.mode);
  }
  await writeFile(join(temporary, 'generation.json'), JSON.stringify(signed), { mode: 0o644, flush: true });
  if (existsSync(final)) {
    await rm(`${final}.old`, { recursive: true, force: true });
    await rename(final, `${final}.old`);
  }
  await rename(temporary, final);
  await rm(`${final}.old`, { recursive: true, force: true });
  await syncDir(generations);
}

async function syncDir(dir: string): Promise<void> {
  await using handle = await open(dir);
  await handle.sync();
}
