import semver from 'semver';
import { ChpError } from '../core/errors.ts';
import type { CatalogueVersion, Packument } from '../core/ports/catalogue.ts';
import { channelTag, highest, STABLE, versionOf } from './packument.ts';
import { PACK_ID_PATTERN } from './schema.ts';

/** What somebody asks for: `[catalogue/]id[@version|range|channel]`. */
export interface PackRequest {
  catalogue: string | null;
  id: string;
  /** An exact version, a range, or a channel (`stable`, `beta`…: a dist-tag). Default `stable`. */
  want: string;
}

export interface Resolved {
  version: CatalogueVersion;
  /** For whoever asked: deprecated, yanked. */
  warnings: string[];
}

const NAME = new RegExp(PACK_ID_PATTERN);

/** @throws BAD_INPUT */
export function parseRequest(text: string): PackRequest {
  const [, catalogue, id = '', want = 'stable'] = /^(?:([^/@]+)\/)?([^/@]+)(?:@(.+))?$/.exec(text) ?? [];
  if (NAME.test(id) && (catalogue === undefined || NAME.test(catalogue)))
    return { catalogue: catalogue ?? null, id, want: want.trim() };
  throw new ChpError('BAD_INPUT', `${JSON.stringify(text)} names no pack`, {
    next: ['Write morning-brief, morning-brief@^1.2, morning-brief@beta or home/morning-brief@1.2.3.'],
  });
}

/**
 * The version that is meant. An exact version is that version; a range takes what `stable` points to when that fits, else
 * the highest that fits, one that is not deprecated before one that is; a channel takes what it points to.
 * @throws NOT_FOUND, CONFLICT when only a yanked one would fit
 */
export function resolveVersion(packument: Packument, want: string, options: { allowYanked: boolean }): Resolved {
  const exact = semver.valid(want, { loose: false });
  if (exact !== null) return exactly(packument, exact, options.allowYanked);
  const range = semver.validRange(want);
  const found = range === null ? byChannel(packument, want) : byRange(packument, range);
  if (found) return { version: found, warnings: warningsOf(found) };
  const tags = Object.keys(packument['dist-tags']);
  const newest = highest(Object.values(packument.versions).filter((one) => one.yanked === undefined));
  throw new ChpError('NOT_FOUND', `${packument.name} has no version for "${want}"`, {
    next: [
      newest ? `The newest is ${newest.version}.` : 'All of its versions are yanked.',
      ...(range === null
        ? [`Channels: ${tags.map((tag) => (tag === STABLE ? 'stable' : tag)).join(', ') || 'none'}`]
        : []),
    ],
  });
}

function exactly(packument: Packument, want: string, allowYanked: boolean): Resolved {
  const version = versionOf(packument, want);
  if (version.yanked !== undefined && !allowYanked)
    throw new ChpError('CONFLICT', `${version.name}@${want} is yanked: ${version.yanked}`, {
      why: 'Its publisher withdrew it.',
      next: ['Take another version, or say --allow-yanked when it must be this one.'],
    });
  return { version, warnings: warningsOf(version) };
}

function byChannel(packument: Packument, channel: string): CatalogueVersion | undefined {
  const tag = channelTag(channel);
  const at = Object.hasOwn(packument['dist-tags'], tag) ? packument['dist-tags'][tag] : undefined;
  const version = at === undefined ? undefined : packument.versions[at];
  return version?.yanked === undefined ? version : undefined;
}

function byRange(packument: Packument, range: string): CatalogueVersion | undefined {
  const fits = Object.values(packument.versions).filter(
    (one) => one.yanked === undefined && semver.satisfies(one.version, range),
  );
  const sound = fits.filter((one) => one.deprecated === undefined);
  const stable = packument['dist-tags'][STABLE];
  return sound.find(({ version }) => version === stable) ?? highest(sound) ?? highest(fits);
}

function warningsOf({ name, version, deprecated, yanked }: CatalogueVersion): string[] {
  return [
    ...(deprecated === undefined ? [] : [`${name}@${version} is deprecated: ${deprecated}`]),
    ...(yanked === undefined ? [] : [`${name}@${version} is yanked: ${yanked}`]),
  ];
}
