import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FolderStore } from '../../src/adapters/catalogue/folder.ts';
import { Gate } from '../../src/adapters/catalogue/gate.ts';
import { PACKUMENTS, SHARDS, SNAPSHOT, tarballPath } from '../../src/adapters/catalogue/layout.ts';
import { noMemory } from '../../src/adapters/catalogue/memory.ts';
import { staticCatalogue } from '../../src/adapters/catalogue/static.ts';
import { canonicalJson, sha256 } from '../../src/core/digest.ts';
import type { CatalogueVersion, Packument, ShardEntry } from '../../src/core/ports/catalogue.ts';
import { issueSnapshot, shardOf } from '../../src/packs/snapshot.ts';
import { sealedPack, testKey } from '../../test/support/packs.ts';
import type { BenchCase } from '../harness.ts';

const VERSIONS = 20;
const PACKS = 10_000;
/** Enough that a busy moment of the machine is a small part of them. */
const RESOLUTIONS = 100;
const WANTED = 'pack-4711';
const key = testKey();

/** Writes a catalogue whose packs all look like the wanted one; only of that one there are tarballs. */
async function makeCatalogue(dir: string, ids: readonly string[]): Promise<void> {
  const put = async (path: string, bytes: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), bytes);
  };
  const sealed = Array.from({ length: VERSIONS }, (_, i) => sealedPack(WANTED, `1.${i}.0`, key));
  for (const { seal, tarball } of sealed) await put(tarballPath(seal.name, seal.version), tarball);
  const shards = new Map<string, Record<string, ShardEntry>>();
  for (const id of ids) {
    const packument = like(`@clawd-packs/${id}`, sealed);
    const text = canonicalJson(packument);
    await put(`${PACKUMENTS}/${sha256(text)}.json`, text);
    const entry = { packument: sha256(text), version: `1.${VERSIONS - 1}.0`, description: 'One of very many packs.' };
    shards.set(shardOf(packument.name), { ...shards.get(shardOf(packument.name)), [packument.name]: entry });
  }
  const digests: Record<string, string> = {};
  for (const [shard, entries] of shards) {
    const text = canonicalJson(entries);
    digests[shard] = sha256(text);
    await put(`${SHARDS}/${digests[shard]}.json`, text);
  }
  const statement = { catalogue: 'bench', sequence: 1, shards: digests, revoked: {} };
  const issued = issueSnapshot(statement, { now: new Date(), validDays: 1, privateKeys: [key.privateKey] });
  await put(SNAPSHOT, canonicalJson(issued));
}

function like(name: string, sealed: readonly ReturnType<typeof sealedPack>[]): Packument {
  const versions = sealed.map(({ seal: { version, integrity, signatures } }): [string, CatalogueVersion] => [
    version,
    { name, version, description: 'One of very many packs.', dist: { tarball: 'x', integrity, signatures } },
  ]);
  return {
    name,
    'dist-tags': { latest: `1.${VERSIONS - 1}.0` },
    versions: Object.fromEntries(versions),
    time: Object.fromEntries(versions.map(([version]) => [version, '2026-11-25T12:00:00.000Z'])),
  };
}

/** As a run of chp does it: nothing is remembered from one to the next. */
async function resolveAndFetch(dir: string): Promise<void> {
  for (let i = 0; i < RESOLUTIONS; i++) {
    const trust = { keys: [key.trusted], memory: noMemory(), now: () => new Date() };
    const gate = new Gate(staticCatalogue(new FolderStore(dir)), '@clawd-packs', trust);
    const { version } = await gate.resolve(WANTED, '^1.3.0');
    await gate.fetch(version);
  }
}

export default {
  name: 'catalogue-resolve',
  title: `Resolve a range and take the pack through the gate, ${RESOLUTIONS} times: a catalogue of ${PACKS} packs × ${VERSIONS} versions, beside one of one pack`,
  rounds: 11,
  lacks: async () => null,
  prepare: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'chp-bench-'));
    const [one, many] = [join(dir, 'one'), join(dir, 'many')];
    await makeCatalogue(one, [WANTED]);
    await makeCatalogue(
      many,
      Array.from({ length: PACKS }, (_, i) => `pack-${i}`),
    );
    return {
      sides: [
        { label: 'one pack', run: () => resolveAndFetch(one) },
        { label: `${PACKS} packs`, run: () => resolveAndFetch(many) },
      ],
      limits: [{ subject: `${PACKS} packs`, than: 'one pack', atMost: 2 }],
      [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
    };
  },
} satisfies BenchCase;
