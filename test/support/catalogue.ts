import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderStore } from '../../src/adapters/catalogue/folder.ts';
import { Gate } from '../../src/adapters/catalogue/gate.ts';
import { type CatalogueMemory, noMemory } from '../../src/adapters/catalogue/memory.ts';
import type { ObjectStore } from '../../src/adapters/catalogue/object-store.ts';
import { Publisher } from '../../src/adapters/catalogue/publisher.ts';
import { staticCatalogue } from '../../src/adapters/catalogue/static.ts';
import type { Catalogue, Publication, TrustedKey } from '../../src/core/ports/catalogue.ts';
import { sealedPack, type TestKey, testKey } from './packs.ts';

export const SCOPE = '@clawd-packs';
export const HOLDER = { actor: 'tester', host: 'here', pid: process.pid, what: 'publish', since: '' };

export function publicationOf(id: string, version: string, key: TestKey, says?: string, tag = 'stable'): Publication {
  const { tarball, seal } = sealedPack(id, version, key, says);
  return { ...seal, description: `${id}: ${says ?? 'Hello'}`, tarball, tag };
}

/** A catalogue in a folder of its own, with one key. */
export class TestCatalogue {
  readonly dir = mkdtempSync(join(tmpdir(), 'chp catalogue '));
  readonly key: TestKey;
  readonly store: ObjectStore;
  now = new Date('2026-11-25T12:00:00Z');
  validDays = 30;
  /** Of whoever publishes. */
  readonly memory = noMemory();

  constructor(key = testKey(), store?: ObjectStore) {
    this.key = key;
    this.store = store ?? new FolderStore(this.dir, HOLDER);
  }

  /** The same again, to be spoilt: far faster than to publish anew. */
  copy(): TestCatalogue {
    const copy = new TestCatalogue(this.key);
    cpSync(this.dir, copy.dir, { recursive: true });
    return copy;
  }

  static async made(...ids: string[]): Promise<TestCatalogue> {
    const catalogue = new TestCatalogue();
    await catalogue.publisher().init([catalogue.key.trusted]);
    for (const id of ids) await catalogue.publish(id, '1.0.0');
    return catalogue;
  }

  publisher(
    key = this.key,
    keys: readonly TrustedKey[] = [this.key.trusted, key.trusted],
    memory = this.memory,
  ): Publisher {
    return new Publisher(this.store, {
      trust: { keys, memory, now: () => this.now },
      privateKeys: [key.privateKey],
      url: 'http://packs.example',
      validDays: this.validDays,
    });
  }

  /** Of somebody who never saw it. */
  memoryless(): Publisher {
    return this.publisher(this.key, [this.key.trusted], noMemory());
  }

  publish(id: string, version: string, says?: string, tag?: string): Promise<unknown> {
    return this.publisher().publish([publicationOf(id, version, this.key, says, tag)]);
  }

  gate(
    options: { memory?: CatalogueMemory; keys?: readonly TrustedKey[]; now?: () => Date; catalogue?: Catalogue } = {},
  ): Gate {
    return new Gate(options.catalogue ?? staticCatalogue(this.store), SCOPE, {
      keys: options.keys ?? [this.key.trusted],
      memory: options.memory ?? noMemory(),
      now: options.now ?? (() => this.now),
    });
  }

  cleanUp(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Resolves and fetches, as an install does. */
export async function take(gate: Gate, id: string, want = 'stable'): Promise<string> {
  const { version } = await gate.resolve(id, want);
  const pack = await gate.fetch(version);
  return `${pack.name}@${pack.version}`;
}
