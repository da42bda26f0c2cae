import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/core/digest.ts';
import type { TrustedKey } from '../../src/core/ports/catalogue.ts';
import { TAR_END, tarHeader, tarPadding } from '../../src/core/tar.ts';
import type { PackManifest } from '../../src/packs/manifest.ts';
import { describeKey, integrityOf, type Seal, sealPack } from '../../src/packs/seal.ts';
import { type PackFile, packTarball } from '../../src/packs/tarball.ts';

/** A signing key and how it is pinned. */
export interface TestKey {
  privateKey: KeyObject;
  trusted: TrustedKey;
}

export function testKey(expires: string | null = null): TestKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, trusted: describeKey(createPublicKey(privateKey), expires) };
}

/** A pack.yaml that every check lets pass. */
export function packYaml(id: string, version: string, says = 'Hello'): string {
  return [
    'schema: 1',
    `id: ${id}`,
    `version: ${version}`,
    `description: Says something to everybody, which is ${says}.`,
    'authors: [Test <test@example.org>]',
    'licence: Apache-2.0',
    'triggers:',
    '  - manual: true',
    'steps:',
    '  - id: hello',
    '    uses: set',
    `    with: { text: ${says} }`,
    '',
  ].join('\n');
}

/** What the sample pack is when it is compiled, in short. */
const COMPILED = { id: 'sample' };
export const compiledSample = (): Buffer => Buffer.from(JSON.stringify({ ...COMPILED, digest: digestOf(COMPILED) }));

export const packManifest = (id: string, version: string, more: object = {}): PackManifest => ({
  name: `@clawd-packs/${id}`,
  version,
  description: 'Says something to everybody.',
  license: 'Apache-2.0',
  keywords: ['chp-pack'],
  chp: { format: 1, id, requires: null, compiled: digestOf(COMPILED) },
  ...more,
});

export const text = (path: string, content: string): PackFile => ({ path, bytes: Buffer.from(content) });

/** A good pack: its tarball and seal. */
export function sealedPack(id: string, version: string, key: TestKey, says?: string): { tarball: Buffer; seal: Seal } {
  const tarball = packTarball(packManifest(id, version), [text('pack.yaml', packYaml(id, version, says))]);
  return { tarball, seal: sealOf(`@clawd-packs/${id}`, version, tarball, key) };
}

export function sealOf(name: string, version: string, tarball: Uint8Array, ...keys: TestKey[]): Seal {
  const integrity = integrityOf(tarball);
  const signatures = keys.map((key) => sealPack(name, version, integrity, key.privateKey));
  return { name, version, integrity, signatures };
}

export interface Member {
  path: string;
  text?: string | Buffer;
  mode?: number;
  link?: string;
}

/** A tarball as an attacker would write it: any members, any tail. */
export function forgedTarball(members: readonly Member[], tail: Buffer = TAR_END): Buffer {
  const parts = members.flatMap(({ path, text: content = '', mode = 0o644, link = '' }) => {
    const bytes = Buffer.from(content);
    return [
      tarHeader({ path, type: link ? 'link' : 'file', mode, size: bytes.byteLength, target: link }),
      bytes,
      tarPadding(bytes.byteLength),
    ];
  });
  return gzipSync(Buffer.concat([...parts, tail]));
}

/** The members of a good pack, for a forger to add to. */
export const goodMembers = (id: string, version: string, more: object = {}): Member[] => [
  { path: 'package/pack.yaml', text: packYaml(id, version) },
  { path: 'package/package.json', text: JSON.stringify(packManifest(id, version, more)) },
];
