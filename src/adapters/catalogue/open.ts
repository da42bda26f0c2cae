import { isAbsolute, resolve } from 'node:path';
import { ChpError } from '../../core/errors.ts';
import type { ChpHome } from '../../core/home.ts';
import type { Catalogue } from '../../core/ports/catalogue.ts';
import { thisHolder } from '../registry/holder.ts';
import { FolderStore } from './folder.ts';
import { Gate } from './gate.ts';
import { httpSource } from './http.ts';
import { fileMemory } from './memory.ts';
import type { NpmPublisher } from './npm-publisher.ts';
import type { ObjectStore } from './object-store.ts';
import { Publisher } from './publisher.ts';
import type { CatalogueEntry } from './settings.ts';
import { readSigningKey } from './signing-keys.ts';
import { staticCatalogue } from './static.ts';
import type { Trust } from './trust.ts';

export interface OpenOptions {
  home: ChpHome;
  env: NodeJS.ProcessEnv;
  /** Dies here in the fault tests. */
  failpoint?: (step: string) => void;
}

const isWeb = (location: string): boolean => /^https?:\/\//.test(location);
const isBucket = (location: string): boolean => location.startsWith('s3://');

/** What was written on a command line, as it is kept: folders as absolute paths. @throws BAD_INPUT */
export function normalLocation(text: string, cwd: string): string {
  if (isBucket(text) || isWeb(text)) {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (!url?.hostname || url.search || url.hash || url.username || url.password)
      throw new ChpError('BAD_INPUT', `"${text}" is no address of a catalogue`, {
        why: 'It may hold no login, query or fragment.',
        next: ['Write a folder, s3://bucket/prefix or https://registry.example.'],
      });
    return text.replace(/\/+$/, '');
  }
  if (/^[a-z0-9+]+:\/\//i.test(text))
    throw new ChpError('BAD_INPUT', `a catalogue can't be at "${text}"`, {
      next: ['Write a folder, s3://bucket/prefix or https://registry.example.'],
    });
  return isAbsolute(text) ? resolve(text) : resolve(cwd, text);
}

/** Address under which npm's tools find it, when nothing else is said. */
export function defaultUrl(location: string, env: NodeJS.ProcessEnv): string {
  if (isWeb(location)) return location;
  if (!isBucket(location)) return 'http://localhost:4874';
  const { hostname, pathname } = new URL(location);
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  return endpoint
    ? `${endpoint.replace(/\/+$/, '')}/${hostname}${pathname}`
    : `https://${hostname}.s3.${region}.amazonaws.com${pathname}`;
}

/** A web address is a static catalogue when it has a statement of ours, else a live registry. */
export async function kindOf(location: string): Promise<CatalogueEntry['kind']> {
  if (!isWeb(location)) return 'static';
  return (await staticCatalogue(httpSource(location)).snapshot()) ? 'static' : 'live';
}

/** Reads: what it gives goes through the gate. */
export async function openGate(entry: CatalogueEntry, { home, env }: OpenOptions): Promise<Gate> {
  return new Gate(await openCatalogue(entry, env), entry.scope, trustOf(entry, home));
}

/** What it says, unverified: for keys that are to be pinned. */
export async function openCatalogue(
  { location, kind }: Pick<CatalogueEntry, 'location' | 'kind'>,
  env: NodeJS.ProcessEnv,
): Promise<Catalogue> {
  if (kind === 'live') return (await import('./npm.ts')).npmCatalogue(location, env);
  return staticCatalogue(isWeb(location) ? httpSource(location) : await openStore(location, env));
}

/** Writes files. @throws BAD_INPUT for a web server, NOT_FOUND when no signing key is here */
export async function openPublisher(entry: CatalogueEntry, options: OpenOptions): Promise<Publisher> {
  const { location, url, validDays } = entry;
  if (isWeb(location))
    throw new ChpError('BAD_INPUT', `the catalogue at ${location} can only be read from here`, {
      next: ['Publish where its files lie: chp catalogue add NAME FOLDER|s3://… --key KEYID'],
    });
  const store = await openStore(location, options.env);
  const { failpoint } = options;
  return new Publisher(store, {
    trust: trustOf(entry, options.home),
    privateKeys: signingKeys(entry, options.home).map(({ privateKey }) => privateKey),
    url,
    validDays,
    ...(failpoint ? { failpoint } : {}),
  });
}

/** Writes to a live registry. */
export async function openNpmPublisher(entry: CatalogueEntry, env: NodeJS.ProcessEnv): Promise<NpmPublisher> {
  const [{ npmCatalogue }, { NpmPublisher }] = await Promise.all([import('./npm.ts'), import('./npm-publisher.ts')]);
  return new NpmPublisher(npmCatalogue(entry.location, env), env);
}

/** Those that may sign now: not revoked, not expired. @throws NOT_FOUND when there is none */
export function signingKeys(
  entry: CatalogueEntry,
  home: ChpHome,
): { keyid: string; privateKey: ReturnType<typeof readSigningKey> }[] {
  const usable = entry.keys.filter(
    (key) =>
      entry.signing.includes(key.keyid) &&
      key.revoked === undefined &&
      (key.expires === null || Date.now() < Date.parse(key.expires)),
  );
  if (usable.length > 0) return usable.map(({ keyid }) => ({ keyid, privateKey: readSigningKey(home, keyid) }));
  throw new ChpError('NOT_FOUND', `there is no key on this machine that may sign for the catalogue ${entry.name}`, {
    next: [`chp catalogue keys ${entry.signing.length > 0 ? 'rotate' : 'add'} ${entry.name}`],
  });
}

async function openStore(location: string, env: NodeJS.ProcessEnv): Promise<ObjectStore> {
  if (isBucket(location)) return new (await import('./s3.ts')).S3Store(location, env);
  return new FolderStore(location, thisHolder('publish'));
}

function trustOf({ name, location, keys }: CatalogueEntry, home: ChpHome): Trust {
  return { keys, memory: fileMemory(home, name, location), now: () => new Date() };
}
