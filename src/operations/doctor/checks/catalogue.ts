import { check, type Finding, fail, skipped, warn } from '../check.ts';
import type { CatalogueReading } from '../local-readings.ts';

const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

const each = (
  catalogues: readonly CatalogueReading[],
  judge: (one: CatalogueReading) => Finding,
): Finding | Finding[] => (catalogues.length === 0 ? skipped('no catalogue is used yet') : catalogues.map(judge));

const isExpiry = ({ fault }: CatalogueReading): boolean => /is out of date/.test(fault?.message ?? '');
const daysTo = (iso: string, now: Date): number => Math.floor((Date.parse(iso) - now.getTime()) / DAY_MS);

export const CATALOGUE = [
  check({
    id: 'catalogue.readable',
    group: 'catalogue',
    title: 'Can be read and believed',
    means: 'A catalogue can’t be reached, or what it says is not signed by a key that is pinned.',
    needs: ['catalogues'],
    owns: ['catalogues'],
    fix: { text: 'See what exactly is wrong with it.', command: 'chp catalogue verify OF' },
    judge: ({ catalogues }) =>
      each(catalogues, (one) =>
        one.fault && !isExpiry(one)
          ? fail(one.fault.message, { of: one.name })
          : { verdict: 'pass', detail: 'signed by a key that is pinned here', of: one.name },
      ),
  }),
  check({
    id: 'catalogue.expiry',
    group: 'catalogue',
    title: 'Statement of what is current',
    means: 'Its statement expired, or will soon: then nothing is installed from it any more.',
    needs: ['catalogues'],
    fix: { text: 'Its owner renews it.', command: 'chp catalogue renew OF', automatic: 'renew-catalogue' },
    judge: ({ catalogues }, { now }) =>
      each(catalogues, (one) => {
        const renew = { of: one.name, fix: one.ours ? undefined : { automatic: null } };
        if (isExpiry(one)) return fail(one.fault?.message ?? '', renew);
        if (one.fault) return skipped('it can’t be read', one.name);
        if (one.expires === null) return skipped('a live registry has none', one.name);
        const days = daysTo(one.expires, now);
        const detail = `holds until ${one.expires}`;
        return days < SOON_DAYS ? warn(`${detail}: ${days} days`, renew) : { verdict: 'pass', detail, of: one.name };
      }),
  }),
  check({
    id: 'catalogue.keys',
    group: 'catalogue',
    title: 'Keys that sign',
    means: 'A key that should sign here is lost, expired, or expires soon.',
    needs: ['catalogues'],
    fix: {
      text: 'Make a new one, signed in by the old one while that still holds.',
      command: 'chp catalogue keys rotate OF',
    },
    judge: ({ catalogues }, { now }) =>
      each(catalogues, ({ name, builtin, keys }) => {
        const signing = keys.filter(({ signsHere }) => signsHere);
        const lost = signing.filter((key) => key.lost && !builtin);
        if (lost.length > 0)
          return fail(`the private key ${lost.map(({ keyid }) => keyid).join(', ')} is gone`, { of: name });
        const soon = signing.filter(({ expires }) => expires !== null && daysTo(expires, now) < SOON_DAYS);
        if (soon.length > 0)
          return warn(`${soon.map(({ keyid, expires }) => `${keyid}: ${expires}`).join(', ')}`, { of: name });
        return signing.length > 0
          ? { verdict: 'pass', detail: `${signing.length} here`, of: name }
          : skipped('others sign it', name);
      }),
  }),
];
