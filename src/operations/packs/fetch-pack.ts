import type { PackRecord } from '../../core/ports/registry.ts';
import type { PackEntry } from '../../core/tenant/automation-schema.ts';
import { compiledPack } from '../catalogue/compiled-pack.ts';
import { takePack } from '../catalogue/find-packs.ts';
import type { Context } from '../context.ts';

/** The version that an entry means: taken through the gate, linted again and compiled. */
export function fetchPack(
  context: Context,
  tenant: string,
  { id, catalogue, version, channel }: PackEntry,
  options: { allowYanked?: boolean },
): Promise<PackRecord> {
  return context.progress.step(`Read ${id} from the catalogue ${catalogue}`, async (step) => {
    const request = { catalogue, id, want: version ?? channel ?? 'stable' };
    const {
      pack: sealed,
      key,
      warnings,
    } = await takePack(context, request, {
      allowYanked: options.allowYanked ?? false,
    });
    for (const warning of warnings) step.warn(warning);
    const { name, integrity, signature, tarball } = sealed;
    const pack = compiledPack(sealed);
    step.says(`${sealed.version}, signed by ${signature.keyid}`);
    return {
      tenant,
      id,
      name,
      version: sealed.version,
      catalogue,
      integrity,
      signature: signature.sig,
      keyid: signature.keyid,
      publicKey: key.key,
      tarball: Buffer.from(tarball).toString('base64'),
      compiled: JSON.stringify(pack),
      digest: pack.digest,
      updatedAt: '',
    };
  });
}
