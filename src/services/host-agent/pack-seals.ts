import { compiledPackFile, PACK_SEALS_FILE, packFile } from '../../core/automation.ts';
import { ChpError } from '../../core/errors.ts';
import type { GenerationManifest } from '../../core/generation.ts';
import type { PackSeals } from '../../core/pack-seals.ts';
import type { Store } from './store.ts';

/**
 * Verifies every pack of a generation again, here and offline, before anything of it is activated: its digest, its
 * publisher's signature, each entry of its tarball, and that what the worker is to run is what was signed.
 * @throws ChpError UNTRUSTED, INTEGRITY
 */
export async function verifyPacks(manifest: GenerationManifest, store: Store): Promise<void> {
  const meant = manifest.checks.worker?.packs ?? [];
  if (meant.length === 0) return;
  // Loaded on first use: most pushes carry no pack.
  const { assertCompiled, openSeal } = await import('../../packs/seal.ts');
  const seals = JSON.parse((await fileOf(manifest, PACK_SEALS_FILE, store)).toString('utf8')) as PackSeals;
  for (const { id, version } of meant) {
    const seal = seals.packs.find((one) => one.id === id && one.version === version);
    if (!seal || seal.name.split('/').at(-1) !== id)
      throw new ChpError('UNTRUSTED', `the pack ${id}@${version} came without a seal`);
    const tarball = await fileOf(manifest, packFile(id), store);
    // A host that goes back to what it ran before must be able to, whatever the date.
    const opened = await openSeal({ ...seal, signatures: [seal.signature] }, tarball, seals.keys, null);
    assertCompiled(opened, await fileOf(manifest, compiledPackFile(id), store));
  }
}

async function fileOf(manifest: GenerationManifest, path: string, store: Store): Promise<Buffer> {
  const file = manifest.files.find((one) => one.path === path);
  if (!file) throw new ChpError('INTEGRITY', `the generation lacks ${path}`);
  return store.read(file.sha256);
}
