import type { CatalogueVersion, Packument } from '../../core/ports/catalogue.ts';
import { YANKED } from '../../packs/read-packument.ts';

/**
 * Where things lie in a catalogue of files. npm's tools see `KEYS`, one packument a package at its own name and the
 * tarballs; ours start from the signed `SNAPSHOT` and find everything else by digest.
 */
export const KEYS = '-/npm/v1/keys';
export const SNAPSHOT = '-/chp/snapshot.json';
export const SHARDS = '-/chp/shards';
export const PACKUMENTS = '-/chp/packuments';
export const TARBALLS = '-/tarballs';

export const tarballPath = (name: string, version: string): string => `${TARBALLS}/${name}-${version}.tgz`;

/** What npm's tools read: tarballs by absolute address; what is yanked warns as what is deprecated. */
export function npmView(packument: Packument, url: string): Packument {
  const versions = Object.values(packument.versions).map((version): CatalogueVersion => {
    const { yanked } = version;
    return {
      ...version,
      ...(yanked === undefined ? {} : { deprecated: `${YANKED}${yanked}` }),
      dist: { ...version.dist, tarball: tarballUrl(url, version.name, version.version) },
    };
  });
  return { ...packument, versions: Object.fromEntries(versions.map((one) => [one.version, one])) };
}

export const tarballUrl = (url: string, name: string, version: string): string =>
  `${url.replace(/\/+$/, '')}/${tarballPath(name, version)}`;

/** Most bytes of each kind of file that are read at all. */
export const MAX_BYTES = {
  keys: 256 * 1024,
  snapshot: 256 * 1024,
  shard: 16 * 1024 * 1024,
  packument: 8 * 1024 * 1024,
};
