import type { KeyObject } from 'node:crypto';
import { canonicalJson, sha256 } from '../core/digest.ts';
import { ChpError } from '../core/errors.ts';
import type { CatalogueShard, CatalogueSnapshot, PackSignature, TrustedKey } from '../core/ports/catalogue.ts';
import { signText, trustedSignature } from './seal.ts';

/** What a client remembers of a catalogue between runs. */
export interface SeenSnapshot {
  catalogue: string;
  /** The highest so far. */
  sequence: number;
  /** sha256 of that snapshot's signed text. */
  digest: string;
  /** Every key that was ever said to be revoked: nobody who holds such a key can take that back. */
  revoked: Readonly<Record<string, string>>;
}

type Statement = Omit<CatalogueSnapshot, 'signatures'>;

const DAY_MS = 86_400_000;

/** Name of the shard that lists a package. */
export function shardOf(name: string): string {
  return sha256(name).slice(0, 2);
}

/** Signs what is current. */
export function issueSnapshot(
  statement: Omit<Statement, 'issued' | 'expires'>,
  options: { now: Date; validDays: number; privateKeys: readonly KeyObject[] },
): CatalogueSnapshot {
  const { now, validDays, privateKeys } = options;
  const expires = new Date(now.getTime() + validDays * DAY_MS);
  const whole = { ...statement, issued: now.toISOString(), expires: expires.toISOString() };
  return { ...whole, signatures: privateKeys.map((key) => signText(signedText(whole), key)) };
}

/**
 * Checks a snapshot: its form, a signature by a key that is trusted, not expired, and not older than what was seen.
 * @returns what to remember
 * @throws UNTRUSTED, INTEGRITY
 */
export function checkSnapshot(
  read: unknown,
  trust: {
    keys: readonly TrustedKey[];
    seen: SeenSnapshot | null;
    now: Date;
    location: string;
    /** Only whoever is about to renew it takes one that expired. */
    expired?: boolean;
  },
): { snapshot: CatalogueSnapshot; seen: SeenSnapshot } {
  const { seen, now, location } = trust;
  const snapshot = assertForm(read, location);
  const { signatures, ...statement } = snapshot;
  const text = signedText(statement);
  const what = `the statement of what is current at ${location}`;
  const keys = withRevoked(trust.keys, seen?.revoked ?? {});
  // A statement that revokes the very key it is signed with is worth nothing, whoever wrote it.
  trustedSignature(what, text, signatures, withRevoked(keys, statement.revoked), now);
  const digest = sha256(text);
  if (seen && seen.catalogue !== statement.catalogue)
    throw older(location, 'It is the statement of another catalogue than the one that was there before.');
  if (seen && statement.sequence < seen.sequence)
    throw older(location, `It is number ${statement.sequence}; number ${seen.sequence} was seen before.`);
  if (seen && statement.sequence === seen.sequence && digest !== seen.digest)
    throw older(location, `There are two different statements with the number ${seen.sequence}.`);
  if (!trust.expired && !(now.getTime() < Date.parse(statement.expires)))
    throw new ChpError('UNTRUSTED', `the catalogue at ${location} is out of date`, {
      why: `Its statement was to be renewed before ${statement.expires}: this may be a copy that somebody keeps old.`,
      next: ['Its owner renews it: chp catalogue renew NAME', 'Check this machine’s clock.'],
    });
  const revoked = { ...statement.revoked, ...seen?.revoked };
  return { snapshot, seen: { catalogue: statement.catalogue, sequence: statement.sequence, digest, revoked } };
}

/** The same keys, with those marked that are revoked. */
export function withRevoked(keys: readonly TrustedKey[], revoked: Readonly<Record<string, string>>): TrustedKey[] {
  return keys.map((key) => {
    const reason = revoked[key.keyid];
    return reason === undefined || key.revoked !== undefined ? key : { ...key, revoked: reason };
  });
}

/** @throws INTEGRITY when the bytes are not a shard */
export function readShard(bytes: Uint8Array, location: string): CatalogueShard {
  const read = parse(bytes);
  const isEntry = (entry: unknown): boolean =>
    isRecord(entry) &&
    isDigest(entry.packument) &&
    (entry.version === null || typeof entry.version === 'string') &&
    typeof entry.description === 'string';
  if (!isRecord(read) || !Object.values(read).every(isEntry)) throw damaged(location, 'a list of its packs');
  return read as CatalogueShard;
}

const signedText = (statement: Statement): string => `chp-catalogue-snapshot:${canonicalJson(statement)}`;

function assertForm(read: unknown, location: string): CatalogueSnapshot {
  const fits =
    isRecord(read) &&
    typeof read.catalogue === 'string' &&
    Number.isSafeInteger(read.sequence) &&
    typeof read.issued === 'string' &&
    typeof read.expires === 'string' &&
    isRecord(read.shards) &&
    Object.values(read.shards).every(isDigest) &&
    isRecord(read.revoked) &&
    Object.values(read.revoked).every((reason) => typeof reason === 'string') &&
    Array.isArray(read.signatures) &&
    read.signatures.every(
      (one: Partial<PackSignature> | null) => typeof one?.keyid === 'string' && typeof one.sig === 'string',
    );
  if (!fits) throw damaged(location, 'its statement of what is current');
  return read as unknown as CatalogueSnapshot;
}

/** undefined where it is not JSON. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isDigest = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

function damaged(location: string, what: string): ChpError {
  return new ChpError('INTEGRITY', `the catalogue at ${location} is damaged: ${what} can't be read`);
}

function older(location: string, why: string): ChpError {
  return new ChpError(
    'UNTRUSTED',
    `the catalogue at ${location} is not the one that was seen before, or an older state of it`,
    {
      why,
      next: [
        'Somebody may show you an old state, to keep a fault that is repaired: ask its owner.',
        'When its owner did set it back or made it anew: chp catalogue remove NAME, then chp catalogue add NAME LOCATION.',
      ],
    },
  );
}
