import { ChpError } from '../../core/errors.ts';
import type {
  CatalogueShard,
  CatalogueSnapshot,
  Packument,
  StaticCatalogue,
  TrustedKey,
} from '../../core/ports/catalogue.ts';
import { readPackument } from '../../packs/read-packument.ts';
import { checkSnapshot, readShard, shardOf } from '../../packs/snapshot.ts';
import type { CatalogueMemory } from './memory.ts';
import { parseJson } from './static.ts';

/** What decides whether a catalogue is believed. */
export interface Trust {
  /** Pinned by the operator. */
  keys: readonly TrustedKey[];
  memory: CatalogueMemory;
  now: () => Date;
}

/** Content that the snapshot names is gone: it was replaced in between, or the catalogue is damaged. */
export class Superseded extends Error {}

const TRIES = 4;

/**
 * The snapshot, believed and remembered.
 * @param load Reads it. What was seen before is looked up first: another run may publish and remember meanwhile.
 * @param expired Only whoever is about to renew it takes one that expired.
 * @throws UNTRUSTED, INTEGRITY; NOT_FOUND when there is no catalogue
 */
export async function believedSnapshot(
  { location, snapshot: load }: Pick<StaticCatalogue, 'location' | 'snapshot'>,
  trust: Trust,
  expired = false,
): Promise<CatalogueSnapshot> {
  const { memory, keys } = trust;
  const before = memory.read().snapshot;
  const read = await load();
  if (!read) throw before ? vanished(location) : noCatalogue(location);
  const { snapshot, seen } = checkSnapshot(read, { keys, seen: before, now: trust.now(), location, expired });
  memory.remember({ snapshot: seen });
  return snapshot;
}

/** Empty where the snapshot names none. @throws Superseded */
export async function shardIn(
  catalogue: StaticCatalogue,
  snapshot: CatalogueSnapshot,
  shard: string,
): Promise<CatalogueShard> {
  const digest = snapshot.shards[shard];
  if (digest === undefined) return {};
  const bytes = await catalogue.object('shards', digest);
  if (!bytes) throw new Superseded();
  return readShard(bytes, catalogue.location);
}

/** null = no such pack. @throws Superseded, INTEGRITY */
export async function packumentIn(
  catalogue: StaticCatalogue,
  snapshot: CatalogueSnapshot,
  name: string,
): Promise<Packument | null> {
  const shard = await shardIn(catalogue, snapshot, shardOf(name));
  const entry = Object.hasOwn(shard, name) ? shard[name] : undefined;
  if (!entry) return null;
  const bytes = await catalogue.object('packuments', entry.packument);
  if (!bytes) throw new Superseded();
  return readPackument(parseJson(bytes, catalogue.location, name), name, catalogue.location);
}

/** Does it again with a new snapshot when one was published in between. @throws INTEGRITY when content stays away */
export async function whileCurrent<T>(location: string, work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
      if (attempt === TRIES)
        throw new ChpError('INTEGRITY', `the catalogue at ${location} lacks content that its own statement names`, {
          why: 'Files were removed from it, or only a part of it was copied.',
          next: ['Its owner can see what is missing: chp catalogue verify NAME'],
        });
    }
}

function vanished(location: string): ChpError {
  return new ChpError('INTEGRITY', `the catalogue at ${location} has lost its statement of what is current`);
}

export function noCatalogue(location: string): ChpError {
  return new ChpError('NOT_FOUND', `there is no catalogue at ${location}`, {
    next: [`Make one: chp catalogue init ${location}`],
  });
}
