import semver from 'semver';
import { ChpError } from '../../core/errors.ts';
import { lintPack } from '../../packs/lint/lint.ts';
import { packFolderOf } from '../../packs/load.ts';
import { STABLE } from '../../packs/packument.ts';
import { parseRequest } from '../../packs/resolve.ts';
import { highest, riskOf } from '../../packs/risk.ts';
import type { PackDocument, PackTrigger, Risk } from '../../packs/schema.ts';
import { walkSteps } from '../../packs/walk.ts';
import type { Context } from '../context.ts';
import { idOf, takePack } from './find-packs.ts';

export interface PackInfo {
  catalogue: string;
  id: string;
  name: string;
  version: string;
  description: string;
  authors: string[];
  licence: string;
  /** Highest of its steps, found by chp itself in what is signed. */
  risk: Risk;
  requires: NonNullable<PackDocument['requires']>;
  inputs: { name: string; type: string; description: string; default: unknown; optional: boolean }[];
  triggers: PackTrigger[];
  integrity: string;
  /** Bytes of the tarball. */
  size: number;
  keyid: string;
  /** By channel. */
  channels: Record<string, string>;
  /** Newest first. */
  versions: { version: string; published: string | null; deprecated: string | null; yanked: string | null }[];
  warnings: string[];
}

/** What a pack is, as it says itself in what its publisher signed; nothing of it is taken from the catalogue’s word. */
export async function packInfo(context: Context, text: string, options: { allowYanked: boolean }): Promise<PackInfo> {
  const { catalogue, packument, pack, warnings } = await takePack(context, parseRequest(text), options);
  const { document, problems } = lintPack(packFolderOf(pack.files));
  if (!document)
    throw new ChpError('BAD_DOCUMENT', `${pack.name}@${pack.version} holds a pack.yaml that this chp can't read`, {
      why: problems[0]?.message ?? 'Its form is not known here.',
      next: ['A newer chp may know it.'],
    });
  const faults = problems.filter(({ severity }) => severity === 'error').map(({ message }) => `lint: ${message}`);
  return {
    catalogue: catalogue.name,
    id: idOf(pack.name),
    name: pack.name,
    version: pack.version,
    description: document.description,
    authors: document.authors,
    licence: document.licence,
    risk: highest(walkSteps(document).steps.map(({ step }) => riskOf(step))),
    requires: document.requires ?? {},
    inputs: Object.entries(document.inputs ?? {}).map(([name, input]) => ({
      name,
      type: input.type,
      description: input.description,
      default: input.default ?? null,
      optional: input.optional ?? false,
    })),
    triggers: document.triggers,
    integrity: pack.integrity,
    size: pack.tarball.byteLength,
    keyid: pack.signature.keyid,
    channels: Object.fromEntries(
      Object.entries(packument['dist-tags']).map(([tag, version]) => [tag === STABLE ? 'stable' : tag, version]),
    ),
    versions: Object.values(packument.versions)
      .sort((a, b) => semver.rcompare(a.version, b.version))
      .map(({ version, deprecated, yanked }) => ({
        version,
        published: packument.time[version] ?? null,
        deprecated: deprecated ?? null,
        yanked: yanked ?? null,
      })),
    warnings: [...warnings, ...faults],
  };
}
