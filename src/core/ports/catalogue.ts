/**
 * A catalogue of packs in the npm-registry layout: a folder, a bucket or a live registry behind one interface. Versions
 * are immutable; channels are dist-tags. Everything that comes out of it is data of strangers: only
 * `adapters/catalogue/gate` reads one, and hands on what it has verified.
 */

/** One version as the packument has it. `dist.signatures` are ours (ECDSA P-256, as npm's registry signatures). */
export interface CatalogueVersion {
  name: string;
  version: string;
  description: string;
  deprecated?: string;
  /** Yanked: found by its exact version only, never by a range or channel. */
  yanked?: string;
  dist: {
    tarball: string;
    /** `sha512-…` */
    integrity: string;
    signatures: readonly PackSignature[];
    /** Bytes of the tarball. */
    size?: number;
  };
}

export interface PackSignature {
  keyid: string;
  /** ECDSA over SHA-256, DER, base64. */
  sig: string;
}

export interface Packument {
  name: string;
  'dist-tags': Readonly<Record<string, string>>;
  versions: Readonly<Record<string, CatalogueVersion>>;
  /** ISO 8601, by version, and `modified`. */
  time: Readonly<Record<string, string>>;
}

/** A key that signs packs, in the form of `/-/npm/v1/keys`. */
export interface CatalogueKey {
  /** `SHA256:…` of the public key. */
  keyid: string;
  keytype: 'ecdsa-sha2-nistp256';
  scheme: 'ecdsa-sha2-nistp256';
  /** SPKI, base64. */
  key: string;
  /** ISO 8601; null: does not expire. */
  expires: string | null;
}

/** A key as whoever verifies has pinned it. */
export interface TrustedKey extends CatalogueKey {
  /** Why nothing that it signed may be believed any more. */
  revoked?: string;
}

/** Signed statement of what is current: guards against replayed packuments, mixed versions and expired copies. */
export interface CatalogueSnapshot {
  /** Made once with the catalogue: a statement of another one, signed by the same key, is no statement of this one. */
  catalogue: string;
  /** Grows by one with every change. */
  sequence: number;
  /** ISO 8601. */
  issued: string;
  /** ISO 8601: after this the catalogue must not be believed any more. */
  expires: string;
  /**
   * sha256 of each shard's bytes, by the first two hex characters of sha256 of the package names it lists: so that one
   * pack is found in a catalogue of any size by reading three small files.
   */
  shards: Readonly<Record<string, string>>;
  /** Key ids that must not be believed, with the reason. */
  revoked: Readonly<Record<string, string>>;
  /** By each key of whoever issued it: while a key is replaced, by the old one and the new one. */
  signatures: readonly PackSignature[];
}

/** By package name; its digest is in the snapshot, so it is as good as signed. */
export type CatalogueShard = Readonly<Record<string, ShardEntry>>;

export interface ShardEntry {
  /** sha256 of the packument's bytes. */
  packument: string;
  /** What `latest` is; null when nothing is (all yanked). */
  version: string | null;
  /** Of that version. */
  description: string;
}

export interface FoundPack {
  name: string;
  version: string | null;
  description: string;
}

/** A pack to be published. */
export interface Publication {
  name: string;
  version: string;
  description: string;
  tarball: Uint8Array;
  integrity: string;
  signatures: readonly PackSignature[];
  /** dist-tag that moves to it. */
  tag: string;
}

/** What a home gives: unverified bytes. */
export interface CatalogueReader {
  /** For messages and lock files: a path or URL. */
  readonly location: string;
  /** Keys it offers; to be believed only when they are pinned. */
  keys(): Promise<CatalogueKey[]>;
  /** At most `maxBytes`. @throws NOT_FOUND, HOST_UNREACHABLE, INTEGRITY when it is larger */
  tarball(version: CatalogueVersion, maxBytes: number): Promise<Uint8Array>;
}

/** A home of files (folder, bucket, static server): everything hangs on the signed snapshot. */
export interface StaticCatalogue extends CatalogueReader {
  readonly kind: 'static';
  snapshot(): Promise<CatalogueSnapshot | null>;
  /** Content by its sha256; null when it is not there (any more): the snapshot is to be read again. */
  object(kind: 'shards' | 'packuments', digest: string): Promise<Uint8Array | null>;
  /** What npm's tools read of a pack. Nothing is decided by it; it is compared. */
  npmView(name: string): Promise<unknown>;
}

/** A live npm registry: it keeps no snapshot. What was seen of it before is remembered instead. */
export interface LiveCatalogue extends CatalogueReader {
  readonly kind: 'live';
  /** null = no such pack. */
  packument(name: string): Promise<Packument | null>;
  search(scope: string, words: string, limit: number): Promise<FoundPack[]>;
}

export type Catalogue = StaticCatalogue | LiveCatalogue;

/** A change to one pack, made from what is there now. */
export type PackChange = (packument: Packument | null) => Packument;
