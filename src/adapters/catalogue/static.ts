import { sha256 } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { CatalogueKey, CatalogueVersion, StaticCatalogue } from '../../core/ports/catalogue.ts';
import { KEYS, MAX_BYTES, PACKUMENTS, SHARDS, SNAPSHOT, tarballPath } from './layout.ts';
import type { FileSource } from './object-store.ts';

/** Reads a catalogue of files. What it gives is not verified, but for content that is asked for by digest. */
export function staticCatalogue(source: FileSource): StaticCatalogue {
  const { location } = source;
  return {
    kind: 'static',
    location,
    async snapshot() {
      const file = await source.get(SNAPSHOT, MAX_BYTES.snapshot);
      return file && parseJson(file.bytes, location, SNAPSHOT);
    },
    async object(kind, digest) {
      const [folder, cap] = kind === 'shards' ? [SHARDS, MAX_BYTES.shard] : [PACKUMENTS, MAX_BYTES.packument];
      const path = `${folder}/${digest}.json`;
      const file = await source.get(path, cap);
      if (file && sha256(file.bytes) !== digest)
        throw new ChpError('INTEGRITY', `${path} at ${location} was changed: its content is not what its name says`);
      return file?.bytes ?? null;
    },
    async npmView(name: string) {
      const file = await source.get(name, MAX_BYTES.packument);
      return file && parseJson(file.bytes, location, name);
    },
    /** `dist.tarball` is not looked at: where a tarball lies follows from its name, and is in this very catalogue. */
    async tarball({ name, version }: CatalogueVersion, maxBytes: number) {
      const file = await source.get(tarballPath(name, version), maxBytes);
      if (file) return file.bytes;
      throw new ChpError('NOT_FOUND', `the tarball of ${name}@${version} is not at ${location}`, {
        next: ['chp catalogue verify says what else is missing; its owner can mirror it from another copy.'],
      });
    },
    async keys() {
      const file = await source.get(KEYS, MAX_BYTES.keys);
      return file ? readKeys(parseJson(file.bytes, location, KEYS)) : [];
    },
  };
}

/** The usable ones of what `/-/npm/v1/keys` says. */
export function readKeys(read: unknown): CatalogueKey[] {
  const { keys } = (read ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) return [];
  return keys.filter(
    (key): key is CatalogueKey =>
      typeof key?.keyid === 'string' &&
      typeof key.key === 'string' &&
      key.keytype === 'ecdsa-sha2-nistp256' &&
      (key.expires === null || typeof key.expires === 'string'),
  );
}

/** @throws INTEGRITY when it is not JSON */
export function parseJson<T>(bytes: Uint8Array, location: string, path: string): T {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as T;
  } catch (cause) {
    throw new ChpError('INTEGRITY', `${path} at ${location} is damaged: it is not JSON`, { cause });
  }
}
