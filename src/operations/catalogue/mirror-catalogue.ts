import { openGate, openPublisher } from '../../adapters/catalogue/open.ts';
import { editCatalogue } from '../../adapters/catalogue/settings.ts';
import { ChpError } from '../../core/errors.ts';
import type { PackChange, Packument, Publication, TrustedKey } from '../../core/ports/catalogue.ts';
import { withDeprecation, withTag, withYank } from '../../packs/packument.ts';
import type { Context } from '../context.ts';
import { catalogueNamed, catalogueToWrite } from './catalogues.ts';
import { changeIn, publishTo } from './change-packs.ts';
import { idOf } from './find-packs.ts';
import { audited } from './manage-catalogues.ts';

export interface MirrorResult {
  from: string;
  to: string;
  packs: number;
  /** Versions that were copied now. */
  copied: number;
  /** Versions that were there already. */
  present: number;
  /** Keys of the source that are believed for the copy, too. */
  keyids: string[];
}

/**
 * Copies every version that the gate lets through, with the signatures of its publishers, channels, deprecations and
 * yanks. The copy has a statement of its own. Keys that signed are pinned and offered there as well.
 */
export async function mirrorCatalogue(context: Context, fromName: string, toName: string): Promise<MirrorResult> {
  const from = await catalogueNamed(context, fromName);
  const to = await catalogueToWrite(context, toName);
  if (from.scope !== to.scope)
    throw new ChpError('BAD_INPUT', `${fromName} holds packs of ${from.scope}, ${toName} of ${to.scope}`, {
      why: 'A signature is over the name, scope and all: under another one it does not hold.',
      next: [`chp catalogue init LOCATION --name NAME --scope ${from.scope}`],
    });
  const [source, target] = [await openGate(from, context), await openGate(to, context)];
  const packs: { publications: Publication[]; packument: Packument }[] = [];
  const used = new Set<string>();
  let present = 0;
  await context.progress.step(`Read ${from.location}`, async (step) => {
    const all = await source.all();
    for (const [done, { name }] of all.entries()) {
      step.update(done, all.length, 'packs');
      const packument = await source.packument(idOf(name));
      if (!packument) continue;
      const there = await target.packument(idOf(name));
      const publications: Publication[] = [];
      for (const version of Object.values(packument.versions)) {
        const { integrity, signatures } = version.dist;
        const taken = await source.fetch(version);
        used.add(taken.signature.keyid);
        if (there?.versions[version.version]?.dist.integrity === integrity) present++;
        else {
          const { description } = version;
          const { tarball } = taken;
          publications.push({
            name,
            version: version.version,
            description,
            tarball,
            integrity,
            signatures,
            tag: MIRROR_TAG,
          });
        }
      }
      packs.push({ publications, packument });
    }
  });
  const keys = (await source.keys()).filter(({ keyid }) => used.has(keyid));
  const pinned = await pinAll(context, toName, keys);
  const publications = packs.flatMap((pack) => pack.publications);
  await context.progress.step(`Write ${publications.length} versions to ${to.location}`, async () => {
    if (to.kind === 'static')
      await (await openPublisher(pinned, context)).addKeys(keys.map(({ revoked: _, ...key }) => key));
    if (publications.length > 0) await publishTo(context, pinned, publications);
    await changeIn(context, pinned, new Map(packs.map(({ packument }) => [packument.name, likeIn(packument)])));
  });
  await audited(context, 'catalogue.mirror', { from: fromName, to: toName, copied: publications.length });
  const keyids = keys.map(({ keyid }) => keyid);
  return { from: fromName, to: toName, packs: packs.length, copied: publications.length, present, keyids };
}

/** While versions are copied one by one no channel is to point to any of them; afterwards they are as in the source. */
const MIRROR_TAG = 'mirrored';

function likeIn(source: Packument): PackChange {
  return (copy) => {
    const now = new Date();
    let next = copy as Packument;
    for (const { version, deprecated = null, yanked = null } of Object.values(source.versions)) {
      const known = next.versions[version];
      if (known && (known.deprecated ?? null) !== deprecated) next = withDeprecation(next, version, deprecated, now);
      if (known && (known.yanked ?? null) !== yanked) next = withYank(next, version, yanked, now);
    }
    for (const [tag, version] of Object.entries(source['dist-tags']))
      if (next['dist-tags'][tag] !== version) next = withTag(next, tag, version, now);
    const { [MIRROR_TAG]: gone, ...tags } = next['dist-tags'];
    return gone === undefined ? next : { ...next, 'dist-tags': tags };
  };
}

function pinAll(context: Context, name: string, keys: readonly TrustedKey[]) {
  return editCatalogue(context.home, name, (entry) => ({
    ...entry,
    keys: [...entry.keys, ...keys.filter(({ keyid }) => !entry.keys.some((known) => known.keyid === keyid))],
  }));
}
