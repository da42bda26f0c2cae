import { openNpmPublisher, openPublisher } from '../../adapters/catalogue/open.ts';
import type { CatalogueEntry } from '../../adapters/catalogue/settings.ts';
import type { PackChange, Publication } from '../../core/ports/catalogue.ts';
import type { Context } from '../context.ts';

/** Publishes to a catalogue of either kind. */
export async function publishTo(
  context: Context,
  entry: CatalogueEntry,
  publications: readonly Publication[],
): Promise<void> {
  if (entry.kind === 'live') return (await openNpmPublisher(entry, context.env)).publish(publications);
  await (await openPublisher(entry, context)).publish(publications);
}

/** Changes what is said of packs, in a catalogue of either kind. */
export async function changeIn(
  context: Context,
  entry: CatalogueEntry,
  changes: ReadonlyMap<string, PackChange>,
): Promise<void> {
  if (entry.kind === 'live') return (await openNpmPublisher(entry, context.env)).change(changes);
  await (await openPublisher(entry, context)).change(changes);
}
