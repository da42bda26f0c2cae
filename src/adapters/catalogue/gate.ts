import { canonicalJson } from '../../core/digest.ts';
import { didYouMean } from '../../core/documents/problems.ts';
import { parseYaml } from '../../core/documents/yaml.ts';
import { ChpError } from '../../core/errors.ts';
import type {
  Catalogue,
  CatalogueShard,
  CatalogueSnapshot,
  CatalogueVersion,
  FoundPack,
  Packument,
  TrustedKey,
} from '../../core/ports/catalogue.ts';
import { readPackument } from '../../packs/read-packument.ts';
import { type Resolved, resolveVersion } from '../../packs/resolve.ts';
import { openSeal, type SealedPack } from '../../packs/seal.ts';
import { withRevoked } from '../../packs/snapshot.ts';
import { PACK_LIMITS } from '../../packs/tarball.ts';
import { believedSnapshot, packumentIn, shardIn, type Trust, whileCurrent } from './trust.ts';

/** A pack that came through the gate, in memory. */
export interface GatedPack extends SealedPack {
  tarball: Uint8Array;
  /** Where it came from. */
  location: string;
}

/**
 * The only way a pack is read on the operator's side. What a catalogue says is checked against its signed snapshot
 * (a live registry: against what was seen of it before); what it sends, against a signature by a pinned key. Everything
 * stays in memory: when something is refused, nothing is left behind.
 */
export class Gate {
  readonly #catalogue: Catalogue;
  readonly #scope: string;
  readonly #trust: Trust;
  #snapshot: Promise<CatalogueSnapshot> | undefined;

  constructor(catalogue: Catalogue, scope: string, trust: Trust) {
    this.#catalogue = catalogue;
    this.#scope = scope;
    this.#trust = trust;
  }

  get location(): string {
    return this.#catalogue.location;
  }

  /** `@scope/id`. */
  nameOf(id: string): string {
    return `${this.#scope}/${id}`;
  }

  /** null = no such pack. @throws UNTRUSTED, INTEGRITY, HOST_UNREACHABLE, NOT_FOUND when there is no catalogue */
  packument(id: string): Promise<Packument | null> {
    const catalogue = this.#catalogue;
    const name = this.nameOf(id);
    if (catalogue.kind === 'live') return this.#livePackument(name);
    return this.#current((snapshot) => packumentIn(catalogue, snapshot, name));
  }

  /** The version that `want` means. @throws NOT_FOUND, CONFLICT (yanked), and as `packument` */
  async resolve(
    id: string,
    want: string,
    options: { allowYanked: boolean } = { allowYanked: false },
  ): Promise<Resolved> {
    const packument = await this.packument(id);
    if (packument) return resolveVersion(packument, want, options);
    throw new ChpError('NOT_FOUND', `there is no pack "${id}" in the catalogue at ${this.location}`, {
      next: [...(await this.near(id)), 'chp pack search'],
    });
  }

  /** The pack itself, verified as a whole. @throws UNTRUSTED, INTEGRITY, HOST_UNREACHABLE, NOT_FOUND */
  async fetch(version: CatalogueVersion): Promise<GatedPack> {
    const { name, version: number, dist } = version;
    const tarball = await this.#catalogue.tarball(version, PACK_LIMITS.packed);
    const seal = { name, version: number, integrity: dist.integrity, signatures: dist.signatures };
    const opened = await openSeal(seal, tarball, await this.keys(), this.#trust.now());
    assertPackYaml(opened);
    return { ...opened, tarball, location: this.location };
  }

  /** The pinned keys, those marked that the catalogue revoked, now or at any time before. */
  async keys(): Promise<TrustedKey[]> {
    if (this.#catalogue.kind === 'static') await this.#current(async () => {});
    return withRevoked(this.#trust.keys, this.#trust.memory.read().snapshot?.revoked ?? {});
  }

  /** Packs whose name or description holds every word. */
  async search(words: string, limit: number): Promise<FoundPack[]> {
    const catalogue = this.#catalogue;
    if (catalogue.kind === 'live') return catalogue.search(this.#scope, words, limit);
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ name, description }: FoundPack): boolean =>
      wanted.every((word) => `${name} ${description}`.toLowerCase().includes(word));
    return (await this.all()).filter(fits).slice(0, limit);
  }

  /** Every pack, by name. Of a live registry: those that its search tells of. */
  async all(): Promise<FoundPack[]> {
    const catalogue = this.#catalogue;
    if (catalogue.kind === 'live') return catalogue.search(this.#scope, '', Number.MAX_SAFE_INTEGER);
    const shards = await this.#current((snapshot) =>
      mapLimited(Object.keys(snapshot.shards), (shard) => shardIn(catalogue, snapshot, shard)),
    );
    const listed = (shard: CatalogueShard): FoundPack[] =>
      Object.entries(shard).map(([name, { version, description }]) => ({ name, version, description }));
    return shards.flatMap(listed).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whether npm's tools see the same versions, bytes and channels of a pack. @throws INTEGRITY, HOST_UNREACHABLE */
  async checkNpmView(packument: Packument): Promise<void> {
    if (this.#catalogue.kind === 'live') return;
    const { name } = packument;
    const read = await this.#catalogue.npmView(name);
    const view = read === null ? null : readPackument(read, name, this.location);
    if (view && canonicalJson(essence(view)) === canonicalJson(essence(packument))) return;
    throw new ChpError('INTEGRITY', `what npm’s tools see of ${name} is not what is current`, {
      next: ['chp catalogue renew NAME writes it anew.'],
    });
  }

  /** The statement that everything read so far is checked against; null for a live registry. */
  async snapshot(): Promise<CatalogueSnapshot | null> {
    return this.#catalogue.kind === 'live' ? null : this.#current(async (snapshot) => snapshot);
  }

  /** What may have been meant, in words. */
  async near(id: string): Promise<string[]> {
    const ids = (await this.all().catch(() => [])).map(({ name }) => name.split('/').at(-1) ?? name);
    const words = id.split('-').filter((word) => word.length > 2);
    const alike = ids.filter((one) => words.some((word) => one.includes(word))).slice(0, 5);
    const suggestion = alike.length > 0 ? `Did you mean ${alike.join(', ')}?` : didYouMean(id, ids);
    return suggestion === undefined ? [] : [suggestion];
  }

  /** Reads the snapshot once, and again only when what it names was superseded. */
  #current<T>(work: (snapshot: CatalogueSnapshot) => Promise<T>): Promise<T> {
    const catalogue = this.#catalogue;
    if (catalogue.kind === 'live') throw new Error('a live registry has no snapshot');
    return whileCurrent(catalogue.location, async (attempt) => {
      if (attempt > 1) this.#snapshot = undefined;
      this.#snapshot ??= believedSnapshot(catalogue, this.#trust);
      // What failed once may work the next time.
      const snapshot = await this.#snapshot.catch((error: unknown) => {
        this.#snapshot = undefined;
        throw error;
      });
      return work(snapshot);
    });
  }

  async #livePackument(name: string): Promise<Packument | null> {
    if (this.#catalogue.kind !== 'live') return null;
    const known = this.#trust.memory.read().versions[name] ?? {};
    const packument = await this.#catalogue.packument(name);
    for (const [version, integrity] of Object.entries(known)) {
      const now = packument?.versions[version]?.dist.integrity;
      if (now === integrity) continue;
      throw new ChpError('UNTRUSTED', `${this.location} shows another ${name} than before`, {
        why:
          now === undefined
            ? `Version ${version} was there and is gone: this may be an older state.`
            : `The content of version ${version} was changed.`,
        next: [
          'Ask its publisher.',
          'When that is meant: chp catalogue remove NAME, then chp catalogue add NAME LOCATION.',
        ],
      });
    }
    if (packument) {
      const seen = Object.values(packument.versions).map((one) => [one.version, one.dist.integrity]);
      this.#trust.memory.remember({ versions: { [name]: Object.fromEntries(seen) } });
    }
    return packument;
  }
}

const essence = ({ versions, 'dist-tags': tags }: Packument): unknown => [
  tags,
  Object.values(versions).map(({ version, dist, yanked, deprecated }) => [
    version,
    dist.integrity,
    // npm knows one word for both.
    yanked ?? deprecated ?? null,
  ]),
];

/** What is signed must say of itself what it was signed as. */
function assertPackYaml({ files, name, version }: SealedPack): void {
  const text = files.get('pack.yaml')?.toString('utf8') ?? '';
  const { value } = parseYaml(text, `pack.yaml of ${name}@${version}`);
  const { id, version: number } = value as { id?: unknown; version?: unknown };
  if (name.split('/').at(-1) !== id || number !== version)
    throw new ChpError('INTEGRITY', `${name}@${version} holds a pack.yaml of ${String(id)}@${String(number)}`);
}

const AT_ONCE = 16;

async function mapLimited<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of queue) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
