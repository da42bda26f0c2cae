import { createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { describeKey, openSeal, publicKeyOf } from '../../../src/packs/seal.ts';
import { forgedTarball, goodMembers, sealedPack, sealOf, testKey } from '../../support/packs.ts';

const key = testKey();
const thief = testKey();
const now = new Date('2026-11-25T12:00:00Z');
const { tarball, seal } = sealedPack('hello', '1.0.0', key);
const open = (changed: Partial<typeof seal> = {}, bytes: Uint8Array = tarball, keys = [key.trusted]) =>
  openSeal({ ...seal, ...changed }, bytes, keys, now);

test('a good seal opens, and says by whom it was made', async () => {
  const opened = await open();
  expect(opened.signature.keyid).toBe(key.trusted.keyid);
  expect(opened.files.get('pack.yaml')?.toString()).toContain('id: hello');
});

test('the signature is one that npm verifies', () => {
  const verifier = createVerify('SHA256');
  verifier.write(`${seal.name}@${seal.version}:${seal.integrity}`);
  verifier.end();
  const pem = `-----BEGIN PUBLIC KEY-----\n${key.trusted.key}\n-----END PUBLIC KEY-----`;
  expect(verifier.verify(pem, seal.signatures[0]?.sig ?? '', 'base64')).toBe(true);
});

describe('a seal does not open', () => {
  test.each([
    ['without signatures', { signatures: [] }, 'UNTRUSTED', /no signature/],
    ['without integrity', { integrity: '' }, 'INTEGRITY', /no sha512/],
    ['with a sha1', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'INTEGRITY', /no sha512/],
    ['for another version', { version: '1.0.1' }, 'INTEGRITY', /does not hold/],
    ['for another name', { name: '@clawd-packs/other' }, 'INTEGRITY', /does not hold/],
    [
      'with the signature of somebody else',
      { signatures: [{ keyid: thief.trusted.keyid, sig: 'AA' }] },
      'UNTRUSTED',
      /not pinned/,
    ],
    [
      'with a signature under a trusted name',
      {
        signatures: sealOf(seal.name, '1.0.0', tarball, thief).signatures.map(({ sig }) => ({
          keyid: key.trusted.keyid,
          sig,
        })),
      },
      'INTEGRITY',
      /does not hold/,
    ],
  ])('%s', async (_, changed, code, message) => {
    const failure = await open(changed).catch((error) => error);
    expect(failure).toMatchObject({ code });
    expect(`${failure.message} ${failure.why}`).toMatch(message);
  });

  test('on other bytes', async () => {
    const { tarball: other } = sealedPack('hello', '1.0.0', key, 'Goodbye');
    await expect(open({}, other)).rejects.toMatchObject({ code: 'INTEGRITY' });
  });

  test('when a version that was signed holds another one', async () => {
    const inside = forgedTarball(goodMembers('hello', '0.9.0'));
    const resealed = sealOf(seal.name, '1.0.0', inside, key);
    await expect(openSeal(resealed, inside, [key.trusted], now)).rejects.toThrow(
      /is @clawd-packs\/hello@0\.9\.0 inside/,
    );
  });

  test('when its key is revoked, and says why', async () => {
    const revoked = { ...key.trusted, revoked: 'stolen in May' };
    await expect(open({}, tarball, [revoked])).rejects.toMatchObject({
      code: 'UNTRUSTED',
      why: expect.stringContaining('stolen in May'),
    });
  });

  test('when its key expired; unless nobody asks for the hour', async () => {
    const expired = { ...key.trusted, expires: '2026-11-25T12:00:00Z' };
    await expect(open({}, tarball, [expired])).rejects.toMatchObject({
      code: 'UNTRUSTED',
      why: expect.stringContaining('expired'),
    });
    await expect(openSeal(seal, tarball, [expired], null)).resolves.toBeDefined();
    const later = { ...key.trusted, expires: '2026-11-25T12:00:01Z' };
    await expect(open({}, tarball, [later])).resolves.toBeDefined();
  });

  test('when the hour at which the key expires is none', async () => {
    await expect(open({}, tarball, [{ ...key.trusted, expires: 'never' }])).rejects.toMatchObject({
      code: 'UNTRUSTED',
    });
  });
});

test('one good signature is enough, beside others that are not trusted', async () => {
  const both = sealOf(seal.name, '1.0.0', tarball, thief, key);
  expect((await openSeal(both, tarball, [key.trusted], now)).signature.keyid).toBe(key.trusted.keyid);
});

test('a pinned key is P-256 and has its own id', () => {
  expect(publicKeyOf(key.trusted).asymmetricKeyType).toBe('ec');
  expect(() => publicKeyOf({ ...key.trusted, keyid: thief.trusted.keyid })).toThrow(/is not the id/);
  expect(() => publicKeyOf(describeKey(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey))).toThrow(/P-256/);
  expect(() => publicKeyOf({ ...key.trusted, key: 'AAAA' })).toThrow(/P-256/);
});
