import { badDocument } from '../../core/documents/problems.ts';
import type { PackRecord } from '../../core/ports/registry.ts';
import type { PackEntry } from '../../core/tenant/automation-schema.ts';
import { lintPack } from '../../packs/lint/lint.ts';
import { packFolderOf } from '../../packs/load.ts';
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
    const { name, integrity, signature, tarball, files } = sealed;
    const { pack, problems } = lintPack(packFolderOf(files));
    const text = Buffer.from(files.get('pack.yaml') ?? []).toString('utf8');
    if (!pack) throw badDocument(`pack.yaml of ${name}@${sealed.version}`, text, problems);
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
