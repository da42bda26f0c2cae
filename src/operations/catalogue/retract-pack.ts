import semver from 'semver';
import { openGate } from '../../adapters/catalogue/open.ts';
import { ChpError } from '../../core/errors.ts';
import type { PackChange, Packument } from '../../core/ports/catalogue.ts';
import { versionOf, withDeprecation, withYank } from '../../packs/packument.ts';
import { plain } from '../../packs/read-packument.ts';
import { parseRequest } from '../../packs/resolve.ts';
import type { Context } from '../context.ts';
import { catalogueToWrite } from './catalogues.ts';
import { changeIn } from './change-packs.ts';
import { audited } from './manage-catalogues.ts';

export interface Retraction {
  catalogue: string;
  name: string;
  version: string;
  /** null: taken back. */
  reason: string | null;
  changed: boolean;
  /** Channels as they are now. */
  channels: Record<string, string>;
}

/** Says of a version that it should not be used any more (`deprecate`), or must not (`yank`). `reason` null takes it back. */
export async function retractPack(
  context: Context,
  how: 'deprecate' | 'yank',
  text: string,
  options: { reason: string | null; catalogue: string | undefined },
): Promise<Retraction> {
  const request = parseRequest(text);
  const version = semver.valid(request.want);
  if (version === null)
    throw new ChpError('BAD_INPUT', `"${text}" names no version`, { next: [`Write ${request.id}@1.2.3.`] });
  const reason = options.reason === null ? null : plain(options.reason);
  if (reason === '')
    throw new ChpError('BAD_INPUT', 'a reason is needed', { next: ['Say what is wrong, for whoever uses it.'] });
  const entry = await catalogueToWrite(context, options.catalogue ?? request.catalogue ?? undefined);
  const gate = await openGate(entry, context);
  const packument = await gate.packument(request.id);
  if (!packument) await gate.resolve(request.id, version);
  const known = versionOf(packument as Packument, version);
  const said = (how === 'yank' ? known.yanked : known.deprecated) ?? null;
  const name = gate.nameOf(request.id);
  const change: PackChange = (one) =>
    (how === 'yank' ? withYank : withDeprecation)(one as Packument, version, reason, new Date());
  if (said !== reason)
    await context.progress.step(`${how} ${name}@${version}`, () => changeIn(context, entry, new Map([[name, change]])));
  const now = await (await openGate(entry, context)).packument(request.id);
  if (said !== reason) await audited(context, `pack.${how}`, { catalogue: entry.name, name, version, reason });
  return {
    catalogue: entry.name,
    name,
    version,
    reason,
    changed: said !== reason,
    channels: { ...now?.['dist-tags'] },
  };
}
