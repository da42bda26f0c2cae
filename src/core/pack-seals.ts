import type { TrustedKey } from './ports/catalogue.ts';

/** `packs/seals.json` of a generation: what the host verifies its packs with, offline. The generation's signature covers it. */
export interface PackSeals {
  keys: TrustedKey[];
  packs: { id: string; name: string; version: string; integrity: string; signature: { keyid: string; sig: string } }[];
}
