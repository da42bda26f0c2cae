import type { Gate, GatedPack } from '../../adapters/catalogue/gate.ts';
import { openGate } from '../../adapters/catalogue/open.ts';
import type { CatalogueEntry } from '../../adapters/catalogue/settings.ts';
import { ChpError } from '../../core/errors.ts';
import type { Packument, TrustedKey } from '../../core/ports/catalogue.ts';
import { type PackRequest, resolveVersion } from '../../packs/resolve.ts';
import type { Context } from '../context.ts';
import { catalogueNamed, catalogues } from './catalogues.ts';

export interface FoundInCatalogue {
  catalogue: string;
  id: string;
  /** Of the stable channel; null when there is none. */
  version: string | null;
  description: string;
}

/** Packs of all catalogues, or of one. A catalogue that can't be read is warned of. */
export async function searchPacks(
  context: Context,
  words: string,
  options: { catalogue: string | undefined; limit: number },
): Promise<FoundInCatalogue[]> {
  const all =
    options.catalogue === undefined ? await catalogues(context) : [await catalogueNamed(context, options.catalogue)];
  const found = await Promise.all(
    all.map(async (entry) => {
      try {
        const packs = await (await openGate(entry, context)).search(words, options.limit);
        return packs.map(({ name, ...pack }) => ({ catalogue: entry.name, id: idOf(name), ...pack }));
      } catch (error) {
        if (options.catalogue !== undefined || !(error instanceof ChpError)) throw error;
        context.progress.warn(`${entry.name} is left out: ${error.message}`);
        return [];
      }
    }),
  );
  return found.flat().slice(0, options.limit);
}

/** A pack that was asked for, verified; and what is around it. */
export interface TakenPack {
  catalogue: CatalogueEntry;
  packument: Packument;
  pack: GatedPack;
  /** That verified it. */
  key: TrustedKey;
  /** Deprecated, yanked. */
  warnings: string[];
}

/**
 * Finds a pack and takes it through the gate. Without the name of a catalogue all are looked into: it must be in one only,
 * so that nobody can put their pack in the place of another by being asked first.
 * @throws NOT_FOUND, CONFLICT (in more than one; yanked), UNTRUSTED, INTEGRITY, HOST_UNREACHABLE
 */
export async function takePack(
  context: Context,
  request: PackRequest,
  options: { allowYanked: boolean } = { allowYanked: false },
): Promise<TakenPack> {
  const { entry, gate, packument } = await findPack(context, request);
  const { version, warnings } = resolveVersion(packument, request.want, options);
  const pack = await gate.fetch(version);
  const key = (await gate.keys()).find(({ keyid }) => keyid === pack.signature.keyid);
  if (!key) throw new ChpError('INTERNAL', 'a pack came through the gate without a key');
  return { catalogue: entry, packument, pack, key, warnings };
}

/** @throws NOT_FOUND, CONFLICT, HOST_UNREACHABLE */
export async function findPack(
  context: Context,
  { catalogue, id }: Pick<PackRequest, 'catalogue' | 'id'>,
): Promise<{ entry: CatalogueEntry; gate: Gate; packument: Packument }> {
  if (catalogue !== null) {
    const entry = await catalogueNamed(context, catalogue);
    const gate = await openGate(entry, context);
    const packument = await gate.packument(id);
    // `resolve` says what is near.
    if (!packument) return gate.resolve(id, 'stable').then(() => Promise.reject(new Error('unreachable')));
    return { entry, gate, packument };
  }
  const looked = await Promise.all(
    (await catalogues(context)).map(async (entry) => {
      const gate = await openGate(entry, context);
      const packument = await gate.packument(id).catch((error: unknown) => {
        if (!(error instanceof ChpError)) throw error;
        throw new ChpError(error.code, `the catalogue ${entry.name} can't be looked into: ${error.message}`, {
          why: error.why ?? 'So it is not known whether it has that pack, too.',
          next: [`Say which catalogue is meant: CATALOGUE/${id}`, ...error.next],
          cause: error,
        });
      });
      return { entry, gate, packument };
    }),
  );
  const found = looked.flatMap(({ entry, gate, packument }) => (packument ? [{ entry, gate, packument }] : []));
  const [only, ...more] = found;
  if (only && more.length === 0) return only;
  if (only)
    throw new ChpError('CONFLICT', `"${id}" is in more than one catalogue`, {
      next: found.map(({ entry }) => `Say which is meant: ${entry.name}/${id}`),
    });
  const near = (await Promise.all(looked.map(({ gate }) => gate.near(id)))).flat();
  throw new ChpError('NOT_FOUND', `there is no pack "${id}" in any catalogue`, {
    next: [...new Set([...near, 'chp pack search', 'chp catalogue list'])],
  });
}

export const idOf = (name: string): string => name.split('/').at(-1) ?? name;
