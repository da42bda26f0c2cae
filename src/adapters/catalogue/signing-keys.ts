import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { ChpHome } from '../../core/home.ts';
import type { CatalogueKey } from '../../core/ports/catalogue.ts';
import { describeKey } from '../../packs/seal.ts';
import { readPrivate, writePrivate } from '../keys/private-files.ts';

/** Private keys that sign packs: `keys/catalogues/*.pem`, 0600, named after their public id. */

/** @returns the public part */
export function makeSigningKey(home: Pick<ChpHome, 'keys'>, expires: string | null): CatalogueKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = describeKey(publicKey, expires);
  writePrivate(pathOf(home, key.keyid), privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return key;
}

export const hasSigningKey = (home: Pick<ChpHome, 'keys'>, keyid: string): boolean => existsSync(pathOf(home, keyid));

/** @throws NOT_FOUND, INTEGRITY when the file holds another key */
export function readSigningKey(home: Pick<ChpHome, 'keys'>, keyid: string): KeyObject {
  const path = pathOf(home, keyid);
  const pem = readPrivate(path);
  if (pem === undefined)
    throw new ChpError('NOT_FOUND', `the private part of the key ${keyid} is not on this machine`, {
      why: `It was to be in ${path}.`,
      next: ['Put it back from a backup; or make another one: chp catalogue keys rotate NAME'],
    });
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {}
  if (key && describeKey(createPublicKey(key)).keyid === keyid) return key;
  throw new ChpError('INTEGRITY', `${path} does not hold the key ${keyid}`);
}

const pathOf = (home: Pick<ChpHome, 'keys'>, keyid: string): string =>
  join(home.keys, 'catalogues', `${sha256(keyid).slice(0, 16)}.pem`);
