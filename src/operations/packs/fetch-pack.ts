import { badDocument } from '../../core/documents/problems.ts';
import type { PackRecord } from '../../core/ports/registry.ts';
import type { PackEntry } from '../../core/tenant/automation-schema.ts';
import { lintPack } from '../../packs/lint/lint.ts';
import { packFolderOf } from '../../packs/load.ts';
import { gateTo } from '../catalogue/catalogues.ts';
import type { Context } from '../context.ts';

/** The version that an entry means: read through the gate, linted again and compiled. */
export function fetchPack(
  context: Context,
  tenant: string,
  entry: PackEntry,
  options: { allowYanked?: boolean },
): Promise<PackRecord> {
  return context.progress.step(`Read ${entry.id} from the catalogue ${entry.catalogue}`, async (step) => {
    const gate = await gateTo(context, entry.catalogue);
    const want = entry.version ?? entry.channel ?? 'stable';
    const { version, warnings } = await gate.resolve(entry.id, want, { allowYanked: options.allowYanked ?? false });
    for (const warning of warnings) step.warn(warning);
    const { name, integrity, signature, tarball, files } = await gate.fetch(version);
    const { pack, problems } = lintPack(packFolderOf(files));
    if (!pack) throw badDocument(`pack.yaml of ${name}@${version.version}`, text(files), problems);
    const key = (await gate.keys()).find(({ keyid }) => keyid === signature.keyid);
    step.says(`${version.version}, signed by ${signature.keyid}`);
    return {
      tenant,
      id: entry.id,
      name,
      version: version.version,
      catalogue: entry.catalogue,
      integrity,
      signature: signature.sig,
      keyid: signature.keyid,
      publicKey: key?.key ?? '',
      tarball: Buffer.from(tarball).toString('base64'),
      compiled: JSON.stringify(pack),
      digest: pack.digest,
      updatedAt: '',
    };
  });
}

const text = (files: ReadonlyMap<string, Uint8Array>): string =>
  Buffer.from(files.get('pack.yaml') ?? []).toString('utf8');
