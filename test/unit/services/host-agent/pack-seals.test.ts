import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf, sha256 } from '../../../../src/core/digest.ts';
import type { GenerationManifest } from '../../../../src/core/generation.ts';
import type { PackSeals } from '../../../../src/core/pack-seals.ts';
import { verifyPacks } from '../../../../src/services/host-agent/pack-seals.ts';
import { Store } from '../../../../src/services/host-agent/store.ts';
import { compiledSample, sealedPack, testKey } from '../../../support/packs.ts';

const key = testKey();
const { tarball, seal } = sealedPack('hello', '1.0.0', key);
const good: PackSeals = {
  keys: [key.trusted],
  packs: [
    {
      id: 'hello',
      name: seal.name,
      version: seal.version,
      integrity: seal.integrity,
      signature: seal.signatures[0] as PackSeals['packs'][number]['signature'],
    },
  ],
};

let root: string;
let store: Store;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chp-seals-'));
  store = new Store(root);
});
afterEach(() => rmSync(root, { recursive: true }));

async function put(bytes: Uint8Array): Promise<string> {
  const blob = sha256(bytes);
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  await store.receive({ blob, kind: 'object', size: bytes.byteLength }, stream());
  return blob;
}

async function verify(seals: PackSeals, bytes: Uint8Array = tarball, compiled = compiledSample()): Promise<void> {
  const files = [
    { path: 'packs/seals.json', sha256: await put(Buffer.from(JSON.stringify(seals))), mode: 0o644, size: 0 },
    { path: 'packs/hello.tgz', sha256: await put(bytes), mode: 0o644, size: 0 },
    { path: 'packs/hello.json', sha256: await put(compiled), mode: 0o644, size: 0 },
  ];
  const packs = [{ id: 'hello', version: '1.0.0', digest: 'a'.repeat(64) }];
  await verifyPacks({ files, checks: { worker: { packs } } } as unknown as GenerationManifest, store);
}

test('a sealed pack passes, also long after its key expired: what ran before must come back', async () => {
  await verify(good);
  await verify({ ...good, keys: [{ ...key.trusted, expires: '2020-01-01T00:00:00Z' }] });
});

test('a host activates no pack without a seal, of another key, a revoked one, or other bytes', async () => {
  const code = (work: Promise<void>) =>
    work.then(
      () => 'activated',
      (error: { code: string }) => error.code,
    );
  expect(await code(verify({ ...good, packs: [] }))).toBe('UNTRUSTED');
  expect(await code(verify({ ...good, keys: [testKey().trusted] }))).toBe('UNTRUSTED');
  expect(await code(verify({ ...good, keys: [{ ...key.trusted, revoked: 'stolen' }] }))).toBe('UNTRUSTED');
  expect(await code(verify(good, sealedPack('hello', '1.0.0', testKey()).tarball.subarray(1)))).toBe('INTEGRITY');
  const other = good.packs.map((pack) => ({ ...pack, name: '@clawd-packs/door-opener' }));
  expect(await code(verify({ ...good, packs: other }))).toBe('UNTRUSTED');
});

test('what the worker is to run must be what was signed', async () => {
  const { digest, ...pack } = JSON.parse(compiledSample().toString());
  const forged = [
    { ...pack, digest, id: 'evil' },
    { ...pack, id: 'evil', digest: digestOf({ ...pack, id: 'evil' }) },
    {},
  ];
  for (const one of forged)
    await expect(verify(good, tarball, Buffer.from(JSON.stringify(one)))).rejects.toMatchObject({ code: 'INTEGRITY' });
  await expect(verify(good, tarball, Buffer.from('{'))).rejects.toMatchObject({ code: 'INTEGRITY' });
});
