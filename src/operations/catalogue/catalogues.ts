import { BUILTIN, type CatalogueEntry, named, readCatalogues } from '../../adapters/catalogue/settings.ts';
import { ChpError } from '../../core/errors.ts';
import type { Context } from '../context.ts';
import { ensureBuiltin } from './builtin.ts';

/** All that are registered, the one that comes with chp among them. */
export async function catalogues(context: Context): Promise<CatalogueEntry[]> {
  await ensureBuiltin(context);
  return readCatalogues(context.home);
}

/** @throws NOT_FOUND */
export async function catalogueNamed(context: Context, name: string): Promise<CatalogueEntry> {
  return named(await catalogues(context), name);
}

/** The one to publish to: the one that is named, else the only one that this machine has a signing key for. */
export async function catalogueToWrite(context: Context, name: string | undefined): Promise<CatalogueEntry> {
  const all = await catalogues(context);
  if (name === BUILTIN)
    throw new ChpError('BAD_INPUT', 'the catalogue that comes with chp holds what comes with chp', {
      next: ['Make one of your own: chp catalogue init'],
    });
  if (name !== undefined) return named(all, name);
  const own = all.filter((entry) => entry.name !== BUILTIN && entry.signing.length > 0);
  const [only, ...more] = own;
  if (only && more.length === 0) return only;
  throw new ChpError(
    'BAD_INPUT',
    only ? 'there is more than one catalogue to publish to' : 'there is no catalogue to publish to',
    {
      next: only ? own.map((entry) => `Say --catalogue ${entry.name}`) : ['Make one: chp catalogue init'],
    },
  );
}
