import { readFileSync, statSync } from 'node:fs';
import { forget } from '../../adapters/catalogue/memory.ts';
import {
  defaultUrl,
  kindOf,
  normalLocation,
  openCatalogue,
  openGate,
  openPublisher,
} from '../../adapters/catalogue/open.ts';
import { BUILTIN, type CatalogueEntry, editCatalogues } from '../../adapters/catalogue/settings.ts';
import { makeSigningKey } from '../../adapters/catalogue/signing-keys.ts';
import { readKeys } from '../../adapters/catalogue/static.ts';
import { ChpError } from '../../core/errors.ts';
import type { CatalogueKey } from '../../core/ports/catalogue.ts';
import { publicKeyOf } from '../../packs/seal.ts';
import type { Context } from '../context.ts';
import { catalogueNamed, catalogues } from './catalogues.ts';

export interface NewCatalogue {
  location: string;
  name: string;
  scope: string;
  /** Address under which it will be served; default: what follows from the location. */
  url: string | undefined;
  validDays: number;
}

/** Makes a catalogue and a key that signs for it, and registers both. @throws CONFLICT when there is one */
export async function initCatalogue(context: Context, wanted: NewCatalogue): Promise<CatalogueEntry> {
  const { home, env } = context;
  const location = normalLocation(wanted.location, process.cwd());
  return registered(context, wanted.name, async () => {
    const kind = await kindOf(location);
    if (kind === 'static' && /^https?:/.test(location))
      throw new ChpError('CONFLICT', `there is a catalogue at ${location} already`, {
        next: [`Use it: chp catalogue add ${wanted.name} ${location} --key KEYID`],
      });
    const key = makeSigningKey(home, null);
    const { name, scope, validDays } = wanted;
    const url = wanted.url ?? defaultUrl(location, env);
    const entry: CatalogueEntry = { name, location, kind, scope, url, validDays, keys: [key], signing: [key.keyid] };
    forget(home, name);
    await context.progress.step(`Make the catalogue at ${location}`, async (step) => {
      if (kind === 'static') await (await openPublisher(entry, context)).init([key]);
      else step.says('a live registry: nothing is written there until the first publication');
    });
    return entry;
  });
}

/** Registers a catalogue that there is, and pins one of its keys: its id, or a file with it. @throws as reading it does */
export async function addCatalogue(
  context: Context,
  wanted: { name: string; location: string; scope: string; key: string; url: string | undefined; validDays: number },
): Promise<CatalogueEntry> {
  const { home, env } = context;
  const location = normalLocation(wanted.location, process.cwd());
  return registered(context, wanted.name, async () => {
    const { name, scope, validDays } = wanted;
    const kind = await kindOf(location);
    const key = await keyToPin({ location, kind }, wanted.key, env);
    const url = wanted.url ?? defaultUrl(location, env);
    const entry: CatalogueEntry = { name, location, kind, scope, url, validDays, keys: [key], signing: [] };
    forget(home, name);
    // What can't be read now is not registered.
    await context.progress.step(`Read the catalogue at ${location}`, async () =>
      (await openGate(entry, context)).snapshot(),
    );
    return entry;
  });
}

/** Forgets a catalogue; its files stay where they are. @throws NOT_FOUND, BAD_INPUT for the one that comes with chp */
export async function removeCatalogue(context: Context, name: string): Promise<{ name: string; location: string }> {
  if (name === BUILTIN) throw new ChpError('BAD_INPUT', 'the catalogue that comes with chp stays');
  const { location } = await catalogueNamed(context, name);
  await editCatalogues(context.home, async (all) => ({
    catalogues: all.filter((entry) => entry.name !== name),
    result: undefined,
  }));
  forget(context.home, name);
  await audited(context, 'catalogue.remove', { name, location });
  return { name, location };
}

export interface CatalogueView extends Omit<CatalogueEntry, 'keys'> {
  keys: { keyid: string; expires: string | null; revoked: string | null; signing: boolean }[];
}

export async function listCatalogues(context: Context): Promise<CatalogueView[]> {
  return (await catalogues(context)).map(viewOf);
}

export const viewOf = ({ keys, ...entry }: CatalogueEntry): CatalogueView => ({
  ...entry,
  keys: keys.map(({ keyid, expires, revoked }) => ({
    keyid,
    expires,
    revoked: revoked ?? null,
    signing: entry.signing.includes(keyid),
  })),
});

/** A key of that id that the catalogue offers, or the one in a file. @throws NOT_FOUND, BAD_INPUT, INTEGRITY */
export async function keyToPin(
  at: Pick<CatalogueEntry, 'location' | 'kind'>,
  wanted: string,
  env: NodeJS.ProcessEnv,
): Promise<CatalogueKey> {
  const fromFile = !wanted.startsWith('SHA256:');
  const offered = fromFile ? keysInFile(wanted) : await (await openCatalogue(at, env)).keys();
  const [only] = offered;
  const key = fromFile ? (offered.length === 1 ? only : undefined) : offered.find(({ keyid }) => keyid === wanted);
  if (key) {
    publicKeyOf(key);
    const { keyid, keytype, scheme, key: spki, expires } = key;
    return { keyid, keytype, scheme, key: spki, expires };
  }
  const known = offered.map(({ keyid }) => keyid);
  throw new ChpError(
    'NOT_FOUND',
    fromFile ? `${wanted} does not hold one key` : `the catalogue at ${at.location} offers no key ${wanted}`,
    {
      why: known.length > 0 ? `It has: ${known.join(', ')}` : 'It has none.',
      next: ['Ask its owner for: chp catalogue keys list NAME --json, and give the file in place of the id.'],
    },
  );
}

/** In the form of `/-/npm/v1/keys`, or what `chp catalogue keys list --json` prints. */
function keysInFile(path: string): CatalogueKey[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new ChpError('BAD_INPUT', `"${path}" is no key id and no file`, { next: ['A key id begins with SHA256:'] });
  try {
    const read = JSON.parse(readFileSync(path, 'utf8')) as { result?: unknown; keys?: unknown };
    const list = read.keys ?? read.result;
    return readKeys({ keys: Array.isArray(list) ? list : [read] });
  } catch (cause) {
    throw new ChpError('BAD_INPUT', `${path} is not JSON`, { cause });
  }
}

/** Adds what `make` gives to the settings, once. @throws CONFLICT when the name or the location is taken */
async function registered(
  context: Context,
  name: string,
  make: (all: readonly CatalogueEntry[]) => Promise<CatalogueEntry>,
): Promise<CatalogueEntry> {
  await catalogues(context);
  const entry = await editCatalogues(context.home, async (all) => {
    if (all.some((one) => one.name === name))
      throw new ChpError('CONFLICT', `a catalogue is called "${name}" already`, {
        next: ['Choose another --name, or: chp catalogue remove NAME'],
      });
    const result = await make(all);
    return { catalogues: [...all, result], result };
  });
  await audited(context, 'catalogue.add', {
    name,
    location: entry.location,
    keyids: entry.keys.map(({ keyid }) => keyid),
  });
  return entry;
}

export async function audited(context: Context, action: string, details: Record<string, unknown>): Promise<void> {
  await (await context.registry()).appendAudit({ actor: context.actor, action, tenant: null, details });
}
