import semver from 'semver';
import { ChpError } from '../core/errors.ts';
import type { CatalogueVersion, PackSignature, Packument } from '../core/ports/catalogue.ts';

/** What can be done to a packument; each gives a new one and leaves the old as it was. */

/** npm wants `latest`; people say `stable`. */
export const STABLE = 'latest';
export const channelTag = (channel: string): string => (channel === 'stable' ? STABLE : channel);

/**
 * Adds a version and moves a tag to it. The same packument when that is so already.
 * @throws CONFLICT when the version is there with other bytes
 */
export function withVersion(
  packument: Packument | null,
  version: CatalogueVersion,
  options: { tag: string; now: Date },
): Packument {
  const before = packument ?? { name: version.name, 'dist-tags': {}, versions: {}, time: {} };
  const known = before.versions[version.version];
  if (known && known.dist.integrity !== version.dist.integrity) throw taken(version);
  if (packument && known && before['dist-tags'][channelTag(options.tag)] === version.version) return packument;
  const at = options.now.toISOString();
  const tagged: Packument = {
    ...before,
    versions: { ...before.versions, [version.version]: known ?? version },
    time: { ...before.time, [version.version]: before.time[version.version] ?? at, modified: at },
  };
  const first = before['dist-tags'][STABLE] === undefined ? { [STABLE]: version.version } : {};
  return { ...tagged, 'dist-tags': { ...before['dist-tags'], ...first, [channelTag(options.tag)]: version.version } };
}

export function withTag(packument: Packument, tag: string, version: string, now: Date): Packument {
  versionOf(packument, version);
  return touched({ ...packument, 'dist-tags': { ...packument['dist-tags'], [channelTag(tag)]: version } }, now);
}

/** Adds what one more key says of a version; what others said stays. @throws NOT_FOUND */
export function withSignature(packument: Packument, version: string, signature: PackSignature, now: Date): Packument {
  if (versionOf(packument, version).dist.signatures.some(({ keyid }) => keyid === signature.keyid)) return packument;
  return changed(packument, version, now, (one) => ({
    ...one,
    dist: { ...one.dist, signatures: [...one.dist.signatures, signature] },
  }));
}

/** `reason` null takes it back. @throws NOT_FOUND */
export function withDeprecation(packument: Packument, version: string, reason: string | null, now: Date): Packument {
  return changed(packument, version, now, ({ deprecated: _, ...rest }) =>
    reason === null ? rest : { ...rest, deprecated: reason },
  );
}

/** Tags that point to a yanked version move to the highest that is left. `reason` null takes it back. @throws NOT_FOUND */
export function withYank(packument: Packument, version: string, reason: string | null, now: Date): Packument {
  const next = changed(packument, version, now, ({ yanked: _, ...rest }) =>
    reason === null ? rest : { ...rest, yanked: reason },
  );
  const left = Object.values(next.versions).filter((one) => one.yanked === undefined);
  const best = highest(left)?.version;
  const tags = Object.entries(next['dist-tags']).flatMap(([tag, at]) =>
    next.versions[at]?.yanked === undefined ? [[tag, at]] : best && tag === STABLE ? [[tag, best]] : [],
  );
  const known: Record<string, string> = Object.fromEntries(tags);
  if (best && known[STABLE] === undefined) known[STABLE] = best;
  return { ...next, 'dist-tags': known };
}

/** The highest release; a pre-release only where there is nothing else. */
export function highest(versions: readonly CatalogueVersion[]): CatalogueVersion | undefined {
  const sorted = [...versions].sort((a, b) => semver.rcompare(a.version, b.version));
  return sorted.find(({ version }) => semver.prerelease(version) === null) ?? sorted[0];
}

/** @throws NOT_FOUND naming the versions that there are */
export function versionOf(packument: Packument, version: string): CatalogueVersion {
  const found = Object.hasOwn(packument.versions, version) ? packument.versions[version] : undefined;
  if (found) return found;
  const known = Object.keys(packument.versions).sort(semver.rcompare).slice(0, 10);
  throw new ChpError('NOT_FOUND', `there is no ${packument.name}@${version}`, {
    next: [known.length > 0 ? `Versions: ${known.join(', ')}` : 'It has no versions at all.'],
  });
}

/** @throws CONFLICT always: a version is never given other bytes */
export function taken({ name, version }: { name: string; version: string }): ChpError {
  return new ChpError('CONFLICT', `${name}@${version} is published already, with other content`, {
    why: 'A version never changes: whoever installed it must get the same again.',
    next: ['Raise the version in pack.yaml and publish again.'],
  });
}

function changed(
  packument: Packument,
  version: string,
  now: Date,
  change: (version: CatalogueVersion) => CatalogueVersion,
): Packument {
  const next = change(versionOf(packument, version));
  return touched({ ...packument, versions: { ...packument.versions, [version]: next } }, now);
}

const touched = (packument: Packument, now: Date): Packument => ({
  ...packument,
  time: { ...packument.time, modified: now.toISOString() },
});
