import semver from 'semver';
import { openGate } from '../../adapters/catalogue/open.ts';
import type { CatalogueEntry } from '../../adapters/catalogue/settings.ts';
import { ChpError } from '../../core/errors.ts';
import type { Packument } from '../../core/ports/catalogue.ts';
import { channelTag, STABLE, withTag } from '../../packs/packument.ts';
import type { Context } from '../context.ts';
import { catalogueToWrite } from './catalogues.ts';
import { changeIn, publishTo } from './change-packs.ts';
import { compiledPack } from './compiled-pack.ts';
import { audited } from './manage-catalogues.ts';
import { alreadyPublished, type PackToPublish, packFolder, sameContent, sealedPublication } from './pack-to-publish.ts';

export interface PublishedPack {
  outcome: 'published' | 'unchanged' | 'dry-run';
  catalogue: string;
  location: string;
  name: string;
  version: string;
  /** The channel that points to it. */
  tag: string;
  integrity: string;
  /** Bytes of the tarball. */
  size: number;
  files: string[];
  /** Keys that signed it. */
  keyids: string[];
  warnings: string[];
}

export interface PublishOptions {
  dir: string;
  catalogue: string | undefined;
  tag: string | undefined;
  dryRun: boolean;
}

/**
 * Lints, packs, signs and publishes a pack, then reads it back through the gate. The same content again changes nothing
 * but the channel.
 * @throws BAD_DOCUMENT; CONFLICT when the version is there with other content
 */
export async function publishPack(context: Context, options: PublishOptions): Promise<PublishedPack> {
  const { progress } = context;
  const entry = await catalogueToWrite(context, options.catalogue);
  const packed = await progress.step(`Check ${options.dir}`, () => packFolder(options.dir, entry.scope));
  for (const warning of packed.warnings) progress.warn(warning);
  const { id, version } = packed.pack;
  const gate = await openGate(entry, context);
  const packument = await gate.packument(id);
  const there = packument?.versions[version];
  const same = there !== undefined && (await sameContent(gate, there, packed));
  if (there && !same) throw alreadyPublished(packed);
  const tag = channelTag(options.tag ?? tagFor(version, packument));
  const publication = sealedPublication(packed, entry, context.home, tag);
  const keyids = (there?.dist ?? publication).signatures.map(({ keyid }) => keyid);
  const integrity = there?.dist.integrity ?? packed.integrity;
  const result = (outcome: PublishedPack['outcome']) => ({
    ...resultOf(entry, packed, tag),
    outcome,
    integrity,
    keyids,
  });
  if (options.dryRun) return result('dry-run');
  if (there && packument?.['dist-tags'][tag] === version) return result('unchanged');
  await progress.step(`Publish ${packed.name}@${version} as ${tag === STABLE ? 'stable' : tag}`, () =>
    there
      ? changeIn(context, entry, new Map([[packed.name, (one) => withTag(one as Packument, tag, version, new Date())]]))
      : publishTo(context, entry, [publication]),
  );
  await progress.step('Read it back through the gate', async () => {
    const fresh = await openGate(entry, context);
    compiledPack(await fresh.fetch((await fresh.resolve(id, version, { allowYanked: true })).version));
  });
  await audited(context, 'pack.publish', { catalogue: entry.name, name: packed.name, version, tag });
  return result('published');
}

/**
 * Releases are stable, pre-releases are beta.
 * @throws CONFLICT when `stable` would go back without anybody having said so
 */
function tagFor(version: string, packument: Packument | null): string {
  if (semver.prerelease(version) !== null) return 'beta';
  const stable = packument?.['dist-tags'][STABLE];
  if (stable === undefined || stable === version || semver.gt(version, stable)) return STABLE;
  throw new ChpError('CONFLICT', `${version} is older than ${stable}, which is stable`, {
    why: 'Whoever follows the stable channel would go back.',
    next: ['Say --tag stable when that is meant, or another channel: --tag old.'],
  });
}

function resultOf(
  { name: catalogue, location }: CatalogueEntry,
  { name, pack, tarball, files, warnings }: PackToPublish,
  tag: string,
): Omit<PublishedPack, 'outcome' | 'integrity' | 'keyids'> {
  return { catalogue, location, name, version: pack.version, tag, size: tarball.byteLength, files, warnings };
}
