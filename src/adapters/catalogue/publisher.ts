import type { KeyObject } from 'node:crypto';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson, sha256 } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type {
  CatalogueKey,
  CatalogueShard,
  CatalogueSnapshot,
  PackChange,
  Packument,
  Publication,
} from '../../core/ports/catalogue.ts';
import { STABLE, taken, withVersion } from '../../packs/packument.ts';
import { checkSnapshot, issueSnapshot, shardOf } from '../../packs/snapshot.ts';
import { KEYS, MAX_BYTES, npmView, PACKUMENTS, SHARDS, SNAPSHOT, tarballPath, tarballUrl } from './layout.ts';
import type { ObjectStore, StoredFile } from './object-store.ts';
import { parseJson, readKeys, staticCatalogue } from './static.ts';
import { believedSnapshot, packumentIn, shardIn, type Trust, whileCurrent } from './trust.ts';

export interface PublisherOptions {
  trust: Trust;
  /** Signs with each of them. */
  privateKeys: readonly KeyObject[];
  /** Address under which the catalogue is served, for npm's tools. */
  url: string;
  /** How long the signed statement holds. */
  validDays: number;
  /** Dies here in the fault tests. */
  failpoint?: (step: string) => void;
}

/** What changes the catalogue as a whole. */
interface Commit {
  packs: ReadonlyMap<string, PackChange>;
  revoke: Readonly<Record<string, string>>;
  /** Issues a new statement also when nothing changed. */
  renew: boolean;
}

const ATTEMPTS = 40;
/** A reader, or a writer of a bucket, may have read the snapshot before. */
const GRACE_MS = 86_400_000;

/**
 * Writes a catalogue of files. Everything new is put beside what is there, under its digest; then one file, the signed
 * snapshot, is replaced: that is the moment of the change, for whoever reads through the gate. A run that is killed
 * leaves the old state or the new one. Whoever is late finds that the snapshot is another one by now, and begins again.
 */
export class Publisher {
  readonly #store: ObjectStore;
  readonly #options: PublisherOptions;

  constructor(store: ObjectStore, options: PublisherOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Makes an empty catalogue. @throws CONFLICT where there is one */
  async init(keys: readonly CatalogueKey[]): Promise<CatalogueSnapshot> {
    const snapshot = this.#issue({ catalogue: randomUUID(), sequence: 1, shards: {}, revoked: {} });
    await this.#store.exclusively(async () => {
      if (!(await this.#store.create(SNAPSHOT, json(snapshot))))
        throw new ChpError('CONFLICT', `there is a catalogue at ${this.#store.location} already`, {
          next: [`Use it: chp catalogue add NAME ${this.#store.location} --key KEYID`],
        });
      await this.#addKeys(keys);
    });
    await believedSnapshot(staticCatalogue(this.#store), this.#options.trust);
    return snapshot;
  }

  /**
   * Publishes all of them at once. The same bytes again change nothing.
   * @throws CONFLICT when a version is there with other bytes
   */
  publish(publications: readonly Publication[]): Promise<CatalogueSnapshot> {
    const changes = new Map<string, PackChange>();
    for (const publication of publications) {
      const earlier = changes.get(publication.name);
      const change = this.#adding(publication);
      changes.set(publication.name, earlier ? (packument) => change(earlier(packument)) : change);
    }
    return this.#store.exclusively(async () => {
      for (const publication of publications) await this.#putTarball(publication);
      return this.#commitPacks(changes);
    });
  }

  /** Tags, deprecations, yanks, signatures: whatever changes no bytes of a version. */
  change(changes: ReadonlyMap<string, PackChange>): Promise<CatalogueSnapshot> {
    return this.#store.exclusively(() => this.#commitPacks(changes));
  }

  /** A new statement of the same, which holds for longer. */
  renew(): Promise<CatalogueSnapshot> {
    return this.#store.exclusively(() => this.#commit({ packs: new Map(), revoke: {}, renew: true }));
  }

  /** Says that nothing these keys signed may be believed any more. */
  revoke(keyids: Readonly<Record<string, string>>): Promise<CatalogueSnapshot> {
    return this.#store.exclusively(() => this.#commit({ packs: new Map(), revoke: keyids, renew: true }));
  }

  /** Offers public keys to whoever may want to pin them. */
  addKeys(keys: readonly CatalogueKey[]): Promise<void> {
    return this.#store.exclusively(() => this.#addKeys(keys));
  }

  /** Writes npm's view of these packs anew where it is not what is current. */
  async repairViews(names: readonly string[]): Promise<void> {
    await this.#store.exclusively(async () => {
      for (const name of names) await whileCurrent(this.#store.location, () => this.#writeView(name));
    });
  }

  /**
   * Removes lists of packs and packuments that the current snapshot does not name and that are old enough for nobody to
   * be reading them. @returns how many
   */
  prune(): Promise<number> {
    return this.#store.exclusively(async () => {
      const reader = staticCatalogue(this.#store);
      const snapshot = await believedSnapshot(reader, this.#options.trust);
      const wanted = new Set(Object.values(snapshot.shards).map((digest) => `${SHARDS}/${digest}.json`));
      for (const shard of Object.keys(snapshot.shards))
        for (const { packument } of Object.values(await shardIn(reader, snapshot, shard)))
          wanted.add(`${PACKUMENTS}/${packument}.json`);
      const before = this.#options.trust.now().getTime() - GRACE_MS;
      const found = [...(await this.#store.list(SHARDS)), ...(await this.#store.list(PACKUMENTS))];
      const old = found.filter(({ path, modified }) => !wanted.has(path) && modified.getTime() < before);
      for (const { path } of old) await this.#store.remove(path);
      return old.length;
    });
  }

  async #commitPacks(packs: ReadonlyMap<string, PackChange>): Promise<CatalogueSnapshot> {
    const snapshot = await whileCurrent(this.#store.location, () => this.#commit({ packs, revoke: {}, renew: false }));
    // Also when nothing changed: a run that was killed after its commit had no time for them.
    for (const name of packs.keys()) await whileCurrent(this.#store.location, () => this.#writeView(name));
    return snapshot;
  }

  async #commit({ packs, revoke, renew }: Commit): Promise<CatalogueSnapshot> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      let held: StoredFile | null = null;
      const reader = {
        ...staticCatalogue(this.#store),
        snapshot: async () => {
          held = await this.#store.get(SNAPSHOT, MAX_BYTES.snapshot);
          return held && parseJson<CatalogueSnapshot>((held as StoredFile).bytes, this.#store.location, SNAPSHOT);
        },
      };
      const before = await believedSnapshot(reader, this.#options.trust, true);
      const shards = await this.#build(before, packs);
      if (Object.keys(shards).length === 0 && !renew) return before;
      this.#options.failpoint?.('catalogue:prepared');
      const next = this.#issue({
        catalogue: before.catalogue,
        sequence: before.sequence + 1,
        shards: { ...before.shards, ...shards },
        revoked: { ...before.revoked, ...revoke },
      });
      if (await this.#store.replace(SNAPSHOT, json(next), (held as StoredFile | null)?.mark ?? null)) {
        this.#options.failpoint?.('catalogue:committed');
        return believedSnapshot(reader, this.#options.trust);
      }
      await sleep(Math.random() * 50 * attempt);
    }
    throw new ChpError('CONFLICT', `the catalogue at ${this.#store.location} is changed by others all the time`, {
      next: ['Try again.'],
    });
  }

  /** Writes new packuments and shards beside the old ones. @returns the digests of shards that changed */
  async #build(snapshot: CatalogueSnapshot, packs: ReadonlyMap<string, PackChange>): Promise<Record<string, string>> {
    const reader = staticCatalogue(this.#store);
    const shards: Record<string, string> = {};
    const bySharding = Map.groupBy(packs, ([name]) => shardOf(name));
    for (const [shard, changes] of bySharding) {
      const entries: CatalogueShard = await shardIn(reader, snapshot, shard);
      const next = { ...entries };
      for (const [name, change] of changes) {
        const before = await packumentIn(reader, snapshot, name);
        const after = change(before);
        if (after === before) continue;
        next[name] = { ...describe(after), packument: await this.#putObject(PACKUMENTS, after) };
        this.#options.failpoint?.('catalogue:packument');
      }
      if (Object.keys(next).some((name) => next[name] !== entries[name]))
        shards[shard] = await this.#putObject(SHARDS, next);
    }
    return shards;
  }

  #adding(publication: Publication): PackChange {
    const { name, version, description, integrity, signatures, tarball, tag } = publication;
    const dist = {
      tarball: tarballUrl(this.#options.url, name, version),
      integrity,
      signatures,
      size: tarball.byteLength,
    };
    return (packument) =>
      withVersion(packument, { name, version, description, dist }, { tag, now: this.#options.trust.now() });
  }

  /** The file of a version is made once: of many at the same time one wins, for good. */
  async #putTarball({ name, version, tarball }: Publication): Promise<void> {
    const path = tarballPath(name, version);
    if (!(await this.#store.create(path, tarball))) {
      const there = await this.#store.get(path, Number.MAX_SAFE_INTEGER);
      if (!there?.bytes.equals(tarball)) throw taken({ name, version });
    }
    this.#options.failpoint?.('catalogue:tarball');
  }

  async #putObject(folder: string, value: unknown): Promise<string> {
    const bytes = json(value);
    const digest = sha256(bytes);
    await this.#store.create(`${folder}/${digest}.json`, bytes);
    return digest;
  }

  /** npm's view of a pack, always from what is current: whoever is late writes the newer state, never the older one. */
  async #writeView(name: string): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const there = await this.#store.get(name, MAX_BYTES.packument);
      const snapshot = await believedSnapshot(staticCatalogue(this.#store), this.#options.trust, true);
      const packument = await packumentIn(staticCatalogue(this.#store), snapshot, name);
      if (!packument) return;
      const bytes = json(npmView(packument, this.#options.url));
      if (there?.bytes.equals(bytes) || (await this.#store.replace(name, bytes, there?.mark ?? null))) return;
      await sleep(Math.random() * 50 * attempt);
    }
  }

  async #addKeys(keys: readonly CatalogueKey[]): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const there = await this.#store.get(KEYS, MAX_BYTES.keys);
      const known = there ? readKeys(parseJson(there.bytes, this.#store.location, KEYS)) : [];
      const all = [...known.filter(({ keyid }) => !keys.some((key) => key.keyid === keyid)), ...keys];
      if (await this.#store.replace(KEYS, json({ keys: all }), there?.mark ?? null)) return;
      await sleep(Math.random() * 50 * attempt);
    }
  }

  /** @throws UNTRUSTED when nobody here would believe it: better before it is written than after */
  #issue(statement: Parameters<typeof issueSnapshot>[0]): CatalogueSnapshot {
    const { privateKeys, validDays, trust } = this.#options;
    const now = trust.now();
    const snapshot = issueSnapshot(statement, { now, validDays, privateKeys });
    const seen = trust.memory.read().snapshot;
    checkSnapshot(snapshot, { keys: trust.keys, seen, now, location: this.#store.location });
    return snapshot;
  }
}

function describe(packument: Packument): { version: string | null; description: string } {
  const version = packument['dist-tags'][STABLE] ?? null;
  const description = (version === null ? undefined : packument.versions[version]?.description) ?? '';
  return { version, description };
}

const json = (value: unknown): Buffer => Buffer.from(canonicalJson(value));
