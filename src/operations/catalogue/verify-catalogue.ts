import { openCatalogue, openGate } from '../../adapters/catalogue/open.ts';
import { ChpError } from '../../core/errors.ts';
import type { Context } from '../context.ts';
import { catalogueNamed } from './catalogues.ts';
import { idOf } from './find-packs.ts';

export interface CatalogueVerdict {
  catalogue: string;
  location: string;
  packs: number;
  versions: number;
  /** Of all tarballs. */
  bytes: number;
  /** Of the signed statement; null for a live registry. */
  sequence: number | null;
  expires: string | null;
  faults: CatalogueFault[];
}

export interface CatalogueFault {
  /** Package, with the version where one is meant. */
  what: string;
  code: string;
  message: string;
}

/** Reads everything through the gate. @throws as the gate does when not even the statement can be believed */
export async function verifyCatalogue(context: Context, name: string): Promise<CatalogueVerdict> {
  const entry = await catalogueNamed(context, name);
  const gate = await openGate(entry, context);
  const snapshot = await gate.snapshot();
  const faults: CatalogueFault[] = [];
  const tried = async <T>(what: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ChpError)) throw error;
      faults.push({ what, code: error.code, message: [error.message, error.why].filter(Boolean).join('. ') });
      return null;
    }
  };
  let [packs, versions, bytes] = [0, 0, 0];
  await context.progress.step(`Read everything at ${entry.location}`, async (step) => {
    const all = await gate.all();
    for (const [done, { name: pack }] of all.entries()) {
      step.update(done, all.length, 'packs');
      packs++;
      const packument = await tried(pack, () => gate.packument(idOf(pack)));
      if (packument) await tried(pack, () => gate.checkNpmView(packument));
      for (const version of Object.values(packument?.versions ?? {})) {
        versions++;
        const taken = await tried(`${pack}@${version.version}`, () => gate.fetch(version));
        bytes += taken?.tarball.byteLength ?? 0;
      }
    }
  });
  const offered = await tried('keys', async () => (await openCatalogue(entry, context.env)).keys());
  const trusted = new Set((await gate.keys()).filter(({ revoked }) => revoked === undefined).map(({ keyid }) => keyid));
  for (const { keyid } of offered ?? [])
    if (!trusted.has(keyid)) context.progress.warn(`It offers the key ${keyid}, which is not trusted here.`);
  const { sequence = null, expires = null } = snapshot ?? {};
  return { catalogue: name, location: entry.location, packs, versions, bytes, sequence, expires, faults };
}
