import { openCatalogue, openGate, openPublisher, signingKeys } from '../../adapters/catalogue/open.ts';
import { type CatalogueEntry, editCatalogue } from '../../adapters/catalogue/settings.ts';
import { makeSigningKey } from '../../adapters/catalogue/signing-keys.ts';
import { ChpError } from '../../core/errors.ts';
import type { CatalogueKey, PackChange, Packument, TrustedKey } from '../../core/ports/catalogue.ts';
import { withSignature } from '../../packs/packument.ts';
import { sealPack } from '../../packs/seal.ts';
import type { Context } from '../context.ts';
import { catalogueNamed } from './catalogues.ts';
import { audited, keyToPin } from './manage-catalogues.ts';

export interface KeyView extends CatalogueKey {
  state: 'trusted' | 'revoked' | 'expired' | 'offered';
  /** Why it is revoked. */
  reason: string | null;
  /** Its private part is on this machine. */
  signing: boolean;
}

/** Pinned keys, then those that the catalogue offers and nobody here has pinned. */
export async function listKeys(context: Context, name: string): Promise<KeyView[]> {
  const entry = await catalogueNamed(context, name);
  const known = await (await openGate(entry, context)).keys();
  const offered = await (await openCatalogue(entry, context.env)).keys();
  return [
    ...known.map((key) => viewOfKey(key, entry)),
    ...offered
      .filter(({ keyid }) => !known.some((key) => key.keyid === keyid))
      .map((key) => ({ ...viewOfKey(key, entry), state: 'offered' as const })),
  ];
}

/** Makes a key of this machine's own for a catalogue that others sign for as well. @throws CONFLICT when there is one */
export async function addKey(context: Context, name: string, expires: string | null): Promise<KeyView> {
  const entry = await catalogueNamed(context, name);
  if (entry.signing.length > 0)
    throw new ChpError('CONFLICT', `this machine has a key for ${name} already`, {
      next: [`To replace it: chp catalogue keys rotate ${name}`],
    });
  return newKey(context, entry, expires);
}

export interface Rotation {
  key: KeyView;
  /** Versions that the new key signed as well. */
  resigned: number;
}

/**
 * Makes a new key, and signs with it everything that this machine's old keys signed. Both are used until the old one is
 * revoked, so that readers have time to pin the new one.
 */
export async function rotateKey(context: Context, name: string, expires: string | null): Promise<Rotation> {
  const before = await catalogueNamed(context, name);
  if (before.kind === 'live') {
    context.progress.warn('A live registry keeps the signatures of its versions: only new ones get the new key.');
    return { key: await newKey(context, before, expires), resigned: 0 };
  }
  const key = await newKey(context, before, expires);
  const entry = await catalogueNamed(context, name);
  const own = signingKeys(entry, context.home).find(({ keyid }) => keyid === key.keyid);
  if (!own) throw new ChpError('INTERNAL', 'the new key can’t sign');
  const gate = await openGate(entry, context);
  const changes = new Map<string, PackChange>();
  let resigned = 0;
  for (const { name: pack } of await gate.all()) {
    const packument = await gate.packument(pack.split('/').at(-1) ?? pack);
    const versions = Object.values(packument?.versions ?? {}).filter(({ dist }) =>
      dist.signatures.some(({ keyid }) => before.signing.includes(keyid)),
    );
    // The bytes are verified before the new key vouches for them.
    for (const version of versions) await gate.fetch(version);
    if (versions.length === 0) continue;
    resigned += versions.length;
    changes.set(pack, (current) =>
      versions.reduce<Packument>(
        (all, { version, dist }) =>
          withSignature(all, version, sealPack(pack, version, dist.integrity, own.privateKey), new Date()),
        current as Packument,
      ),
    );
  }
  await context.progress.step(`Sign ${resigned} versions with the new key`, async () =>
    (await openPublisher(entry, context)).change(changes),
  );
  return { key, resigned };
}

/**
 * Nothing that this key signed is believed any more: here at once, and by everybody who reads the catalogue when this
 * machine may sign for it.
 * @throws NOT_FOUND; CONFLICT when no other key could say so
 */
export async function revokeKey(
  context: Context,
  name: string,
  keyid: string,
  reason: string,
): Promise<{ keyid: string; reason: string; published: boolean }> {
  const entry = await catalogueNamed(context, name);
  if (!entry.keys.some((key) => key.keyid === keyid))
    throw new ChpError('NOT_FOUND', `${name} has no pinned key ${keyid}`, {
      next: [`chp catalogue keys list ${name}`],
    });
  const others = entry.signing.filter((one) => one !== keyid);
  const owned = entry.signing.includes(keyid);
  if (owned && others.length === 0)
    throw new ChpError('CONFLICT', `${keyid} is the only key that this machine signs with`, {
      why: 'A revocation must be signed by another key, and what this one signed must be signed again.',
      next: [`chp catalogue keys rotate ${name}`, 'Then revoke this one.'],
    });
  const published = entry.kind === 'static' && others.length > 0 && !/^https?:/.test(entry.location);
  const signers: CatalogueEntry = { ...entry, signing: others };
  if (published) await (await openPublisher(signers, context)).revoke({ [keyid]: reason });
  await editCatalogue(context.home, name, (now) => ({
    ...now,
    signing: now.signing.filter((one) => one !== keyid),
    keys: now.keys.map((key) => (key.keyid === keyid ? { ...key, revoked: reason } : key)),
  }));
  await audited(context, 'catalogue.key.revoke', { name, keyid, reason, published });
  return { keyid, reason, published };
}

/** Believes a key from now on: one that the catalogue offers, by its id, or the one in a file. */
export async function pinKey(context: Context, name: string, wanted: string): Promise<KeyView> {
  const entry = await catalogueNamed(context, name);
  const key = await keyToPin(entry, wanted, context.env);
  const known = entry.keys.find(({ keyid }) => keyid === key.keyid);
  if (known?.revoked !== undefined)
    throw new ChpError('CONFLICT', `${key.keyid} was revoked: ${known.revoked}`, {
      next: ['Ask the owner of the catalogue for their new key.'],
    });
  const next = await editCatalogue(context.home, name, (now) => ({
    ...now,
    keys: [...now.keys.filter(({ keyid }) => keyid !== key.keyid), key],
  }));
  await audited(context, 'catalogue.key.pin', { name, keyid: key.keyid });
  return viewOfKey(key, next);
}

async function newKey(context: Context, entry: CatalogueEntry, expires: string | null): Promise<KeyView> {
  if (expires !== null && !(Date.parse(expires) > Date.now()))
    throw new ChpError('BAD_INPUT', `"${expires}" is no time to come`, {
      next: ['Write 2028-01-31 or 2028-01-31T12:00:00Z.'],
    });
  const key = makeSigningKey(context.home, expires === null ? null : new Date(expires).toISOString());
  const next = await editCatalogue(context.home, entry.name, (now) => ({
    ...now,
    keys: [...now.keys, key],
    signing: [...now.signing, key.keyid],
  }));
  // Whoever reads the catalogue can find it there, and pin it by its id.
  if (entry.kind === 'static') await (await openPublisher(next, context)).addKeys([key]);
  await audited(context, 'catalogue.key.add', { name: entry.name, keyid: key.keyid });
  return viewOfKey(key, next);
}

function viewOfKey({ revoked, ...key }: TrustedKey, { signing }: CatalogueEntry): KeyView {
  const expired = key.expires !== null && Date.now() >= Date.parse(key.expires);
  return {
    ...key,
    state: revoked !== undefined ? 'revoked' : expired ? 'expired' : 'trusted',
    reason: revoked ?? null,
    signing: signing.includes(key.keyid),
  };
}
