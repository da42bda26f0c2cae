import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { digestOf } from '../core/digest.ts';
import { ChpError } from '../core/errors.ts';
import type { CatalogueKey, PackSignature, TrustedKey } from '../core/ports/catalogue.ts';
import { readTarball, type UnpackedPack } from './tarball.ts';

/**
 * Whether a tarball is what a trusted key signed. Used where packs are read from a catalogue and again on the host that
 * is to run them, offline. The signature has npm's form: over `name@version:integrity`.
 */

const TYPE = 'ecdsa-sha2-nistp256';

/** What a catalogue says of one version, none of it believed yet. */
export interface Seal {
  name: string;
  version: string;
  /** `sha512-…` */
  integrity: string;
  signatures: readonly PackSignature[];
}

/** A pack whose bytes, name and version a trusted key signed. */
export interface SealedPack extends UnpackedPack {
  name: string;
  version: string;
  integrity: string;
  signature: PackSignature;
}

/** `sha512-…` of a tarball. */
export function integrityOf(tarball: Uint8Array): string {
  return `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
}

/** A public key in the form of `/-/npm/v1/keys`. */
export function describeKey(publicKey: KeyObject, expires: string | null = null): CatalogueKey {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { keyid: keyidOf(spki), keytype: TYPE, scheme: TYPE, key: spki.toString('base64'), expires };
}

/** @throws ChpError INTEGRITY when the key is not ECDSA P-256, or its id is another key's */
export function publicKeyOf(key: CatalogueKey): KeyObject {
  const spki = Buffer.from(key.key, 'base64');
  let parsed: KeyObject | undefined;
  try {
    parsed = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {}
  const fits = parsed?.asymmetricKeyType === 'ec' && parsed.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!parsed || !fits) throw new ChpError('INTEGRITY', `the key ${key.keyid} is no ECDSA P-256 key`);
  if (keyidOf(spki) !== key.keyid)
    throw new ChpError('INTEGRITY', `${key.keyid} is not the id of the key given with it`);
  return parsed;
}

/** Signs one version as npm's registry does. */
export function sealPack(name: string, version: string, integrity: string, privateKey: KeyObject): PackSignature {
  return signText(sealedText(name, version, integrity), privateKey);
}

/** ECDSA over SHA-256, with the id of the key. */
export function signText(text: string, privateKey: KeyObject): PackSignature {
  const { keyid } = describeKey(createPublicKey(privateKey));
  return { keyid, sig: sign('sha256', Buffer.from(text), privateKey).toString('base64') };
}

/**
 * Checks a tarball as a whole: sha512, a signature by a trusted key, then every entry, and that the name and version
 * inside are the ones that were signed. Nothing is written anywhere.
 * @param now null = keys are taken as not expired: for a host that goes back to what it ran before
 * @throws ChpError UNTRUSTED when no trusted key signed it; INTEGRITY when it is not what was signed
 */
export async function openSeal(
  seal: Seal,
  tarball: Uint8Array,
  keys: readonly TrustedKey[],
  now: Date | null,
): Promise<SealedPack> {
  const { name, version, integrity } = seal;
  const what = `${name}@${version}`;
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity)) throw new ChpError('INTEGRITY', `${what} has no sha512`);
  if (integrityOf(tarball) !== integrity)
    throw new ChpError('INTEGRITY', `the tarball of ${what} is not the one that was published`);
  const signature = trustedSignature(what, sealedText(name, version, integrity), seal.signatures, keys, now);
  const unpacked = await readTarball(tarball);
  const { manifest } = unpacked;
  if (manifest.name !== name || manifest.version !== version)
    throw new ChpError('INTEGRITY', `${what} is ${manifest.name}@${manifest.version} inside`);
  return { name, version, integrity, signature, ...unpacked };
}

/**
 * That the compiled pack, as a file of a generation, is the one that the publisher signed.
 * @throws ChpError INTEGRITY
 */
export function assertCompiled({ name, version, manifest }: SealedPack, compiled: Uint8Array): void {
  let read: { digest?: unknown };
  try {
    read = JSON.parse(Buffer.from(compiled).toString('utf8')) as { digest?: unknown };
  } catch {
    throw new ChpError('INTEGRITY', `the compiled pack of ${name}@${version} is damaged`);
  }
  const { digest, ...pack } = read;
  if (digest === manifest.chp.compiled && digestOf(pack) === digest) return;
  throw new ChpError('INTEGRITY', `the compiled pack of ${name}@${version} is not the one that was signed`);
}

/**
 * The first signature of `text` that is by a trusted key.
 * @throws ChpError UNTRUSTED saying what is the matter with each, INTEGRITY when one pretends to be by a trusted key
 */
export function trustedSignature(
  what: string,
  text: string,
  signatures: readonly PackSignature[],
  keys: readonly TrustedKey[],
  now: Date | null,
): PackSignature {
  const faults: string[] = [];
  for (const signature of signatures) {
    const key = keys.find(({ keyid }) => keyid === signature.keyid);
    const fault = key ? unusable(key, now) : 'is not pinned';
    if (fault || !key) {
      faults.push(`The key ${signature.keyid} ${fault}.`);
      continue;
    }
    if (verify('sha256', Buffer.from(text), publicKeyOf(key), Buffer.from(signature.sig, 'base64'))) return signature;
    throw new ChpError('INTEGRITY', `the signature of ${what} does not hold`, {
      why: `It says to be by ${signature.keyid}, but that key did not sign this.`,
    });
  }
  throw new ChpError('UNTRUSTED', `${what} is not signed by a key that is trusted here`, {
    why: faults.join(' ') || 'It has no signature.',
    next: ['Compare the key’s id with its owner’s, then: chp catalogue keys pin CATALOGUE KEYID'],
    details: { keyids: signatures.map(({ keyid }) => keyid) },
  });
}

function unusable(key: TrustedKey, now: Date | null): string | null {
  if (key.revoked !== undefined) return `is revoked: ${key.revoked}`;
  if (now && key.expires !== null && !(now.getTime() < Date.parse(key.expires))) return `expired on ${key.expires}`;
  return null;
}

const sealedText = (name: string, version: string, integrity: string): string => `${name}@${version}:${integrity}`;

const keyidOf = (spki: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(spki).digest('base64').replace(/=+$/, '')}`;
