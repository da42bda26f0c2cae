/**
 * A catalogue of packs in the npm-registry layout: a folder, a bucket or a live registry behind one interface. Versions
 * are immutable; channels are dist-tags. What comes out of it is data of strangers until `packs/seal` has verified it.
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
    signatures: readonly { keyid: string; sig: string }[];
    /** Bytes of the tarball. */
    size?: number;
  };
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

/** Signed statement of what is current: guards against replayed packuments, mixed versions and expired copies. */
export interface CatalogueSnapshot {
  /** Grows by one with every publication. */
  sequence: number;
  /** ISO 8601: after this the catalogue must not be believed any more. */
  expires: string;
  /** sha256 of each packument’s canonical JSON, by package name. */
  packuments: Readonly<Record<string, string>>;
  /** Key ids that must not be believed, with the reason. */
  revoked: Readonly<Record<string, string>>;
  signature: { keyid: string; sig: string };
}

export interface Publication {
  name: string;
  version: string;
  description: string;
  tarball: Uint8Array;
  integrity: string;
  signature: { keyid: string; sig: string };
  /** dist-tag that moves to it; `latest` unless said. */
  tag: string;
}

export interface Catalogue {
  /** For messages and lock files: a path or URL. */
  readonly location: string;
  /** null = no such pack. @throws HOST_UNREACHABLE, INTEGRITY */
  packument(name: string): Promise<Packument | null>;
  /** At most `maxBytes`. */
  tarball(version: CatalogueVersion, maxBytes: number): Promise<Uint8Array>;
  search(words: string, limit: number): Promise<{ name: string; version: string; description: string }[]>;
  keys(): Promise<CatalogueKey[]>;
  /** null where the home keeps none (a live registry). */
  snapshot(): Promise<CatalogueSnapshot | null>;
  /** Atomic, and once: @throws CONFLICT when the version is there with other bytes. */
  publish(publication: Publication): Promise<void>;
  setTag(name: string, tag: string, version: string): Promise<void>;
  deprecate(name: string, version: string, reason: string | null): Promise<void>;
  yank(name: string, version: string, reason: string | null): Promise<void>;
}
