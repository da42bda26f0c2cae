import { openGate, openPublisher } from '../../adapters/catalogue/open.ts';
import { ChpError } from '../../core/errors.ts';
import type { Context } from '../context.ts';
import { catalogueToWrite } from './catalogues.ts';
import { audited } from './manage-catalogues.ts';

export interface Renewal {
  catalogue: string;
  sequence: number;
  expires: string;
  /** Files of older states that were removed. */
  pruned: number;
}

/** Issues a new statement of the same, which holds for longer; repairs what npm's tools see, and removes what only older states needed. */
export async function renewCatalogue(context: Context, name: string | undefined): Promise<Renewal> {
  const entry = await catalogueToWrite(context, name);
  if (entry.kind === 'live')
    throw new ChpError('BAD_INPUT', `${entry.name} is a live registry: it has no statement that could expire`);
  const publisher = await openPublisher(entry, context);
  const { sequence, expires } = await context.progress.step(`Renew ${entry.name}`, () => publisher.renew());
  await context.progress.step('What npm’s tools see', async () => {
    const packs = await (await openGate(entry, context)).all();
    await publisher.repairViews(packs.map(({ name }) => name));
  });
  const pruned = await context.progress.step('Remove what only older states needed', () => publisher.prune());
  await audited(context, 'catalogue.renew', { catalogue: entry.name, sequence, expires });
  return { catalogue: entry.name, sequence, expires, pruned };
}
