import { openGate } from '../../adapters/catalogue/open.ts';
import { BUILTIN, readCatalogues } from '../../adapters/catalogue/settings.ts';
import { hasSigningKey } from '../../adapters/catalogue/signing-keys.ts';
import { ChpError } from '../../core/errors.ts';
import type { Context } from '../context.ts';
import type { CatalogueReading } from './local-readings.ts';

/** Every catalogue that is registered, as it can be believed now. Makes none. */
export async function readAllCatalogues(context: Context): Promise<CatalogueReading[]> {
  const { home } = context;
  return Promise.all(
    readCatalogues(home).map(async (entry) => {
      const keys = entry.keys
        .filter(({ revoked }) => revoked === undefined)
        .map(({ keyid, expires }) => {
          const signsHere = entry.signing.includes(keyid);
          return { keyid, expires, signsHere, lost: signsHere && !hasSigningKey(home, keyid) };
        });
      const about = {
        name: entry.name,
        builtin: entry.name === BUILTIN,
        ours: keys.some(({ signsHere, lost }) => signsHere && !lost),
        keys,
      };
      try {
        const snapshot = await (await openGate(entry, context)).snapshot();
        return { ...about, expires: snapshot?.expires ?? null, fault: null };
      } catch (error) {
        if (!(error instanceof ChpError)) throw error;
        const { code, message, why, next } = error;
        return { ...about, expires: null, fault: { code, message: [message, why].filter(Boolean).join(': '), next } };
      }
    }),
  );
}
