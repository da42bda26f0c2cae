import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { forget } from '../../adapters/catalogue/memory.ts';
import { defaultUrl, openGate, openPublisher } from '../../adapters/catalogue/open.ts';
import {
  BUILTIN,
  type CatalogueEntry,
  DEFAULT_SCOPE,
  editCatalogues,
  readCatalogues,
} from '../../adapters/catalogue/settings.ts';
import { hasSigningKey, makeSigningKey } from '../../adapters/catalogue/signing-keys.ts';
import { writePrivate } from '../../adapters/keys/private-files.ts';
import { digestOf } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { ChpHome } from '../../core/home.ts';
import { packagePath } from '../../core/package-root.ts';
import type { Publication } from '../../core/ports/catalogue.ts';
import type { Context } from '../context.ts';
import { packFolder, sameContent, sealedPublication } from './pack-to-publish.ts';

/** Its statement guards against old copies, and this one is made here, from chp itself. */
const VALID_DAYS = 36_500;
const STAMP = 'chp.stamp';
/** Where the packs that come with chp lie; the tests say another place. */
const source = (env: NodeJS.ProcessEnv): string => env.CHP_WORKFLOW_PACKS ?? packagePath('workflow-packs');

/**
 * The catalogue of the packs that come with chp, in `CHP_HOME/catalogue`: made on first use, signed with a key of this
 * machine, and brought up to date when chp brings other packs. It needs no network. Where its key or its place in the
 * settings was lost, or a run was killed, it is made anew: nothing in it is anybody's but chp's.
 */
export async function ensureBuiltin(context: Context): Promise<void> {
  const { home, env } = context;
  const location = join(home.dir, 'catalogue');
  const stamp = await stampOf(source(env));
  if (isCurrent(readCatalogues(home), home, location, stamp)) return;
  await context.progress.step('Packs that come with chp', () =>
    editCatalogues(home, async (catalogues) => {
      // Somebody else may have done it while we waited.
      if (isCurrent(catalogues, home, location, stamp)) return { catalogues, result: undefined };
      const others = catalogues.filter(({ name }) => name !== BUILTIN);
      const entry =
        catalogues.find((one) => one.name === BUILTIN && canSign(one, home)) ?? (await anew(context, location));
      await publishAll(context, entry);
      writePrivate(join(location, STAMP), stamp);
      return { catalogues: [...others, entry], result: undefined };
    }),
  );
}

function isCurrent(catalogues: readonly CatalogueEntry[], home: ChpHome, location: string, stamp: string): boolean {
  const entry = catalogues.find(({ name }) => name === BUILTIN);
  const path = join(location, STAMP);
  return entry !== undefined && canSign(entry, home) && existsSync(path) && readFileSync(path, 'utf8') === stamp;
}

function canSign(entry: CatalogueEntry, home: ChpHome): boolean {
  return existsSync(entry.location) && entry.signing.some((keyid) => hasSigningKey(home, keyid));
}

async function anew(context: Context, location: string): Promise<CatalogueEntry> {
  const { home, env } = context;
  await rm(location, { recursive: true, force: true });
  forget(home, BUILTIN);
  const key = makeSigningKey(home, null);
  const entry: CatalogueEntry = {
    name: BUILTIN,
    location,
    kind: 'static',
    scope: DEFAULT_SCOPE,
    url: defaultUrl(location, env),
    validDays: VALID_DAYS,
    keys: [key],
    signing: [key.keyid],
  };
  await (await openPublisher(entry, context)).init(entry.keys);
  return entry;
}

/** All packs that are not there yet, in one change. */
async function publishAll(context: Context, entry: CatalogueEntry): Promise<void> {
  const dir = source(context.env);
  const gate = await openGate(entry, context);
  const publications: Publication[] = [];
  for (const name of await foldersIn(dir)) {
    // Of a checkout that somebody works on: the other packs are of use all the same.
    const packed = await packFolder(join(dir, name), entry.scope).catch((error: unknown) => {
      if (!(error instanceof ChpError)) throw error;
      context.progress.warn(`${name} is left out: it has faults. See: chp pack lint ${join(dir, name)}`);
    });
    if (!packed) continue;
    const there = (await gate.packument(packed.pack.id))?.versions[packed.pack.version];
    if (!there) publications.push(sealedPublication(packed, entry, context.home, 'stable'));
    else if (!(await sameContent(gate, there, packed)))
      context.progress.warn(
        `${packed.name}@${there.version} was changed without a new version: what was there first stays.`,
      );
  }
  if (publications.length > 0) await (await openPublisher(entry, context)).publish(publications);
}

async function foldersIn(dir: string): Promise<string[]> {
  const entries = existsSync(dir) ? await readdir(dir, { withFileTypes: true }) : [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Changes whenever chp, or a file of its packs, is another one; reads no file for that. */
async function stampOf(dir: string): Promise<string> {
  const entries = existsSync(dir) ? await readdir(dir, { recursive: true, withFileTypes: true }) : [];
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const { size, mtimeMs } = await stat(path);
        return [path, size, Math.round(mtimeMs)];
      }),
  );
  const { version } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string };
  return digestOf([version, files.sort()]);
}
