import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { compileSchema } from '../../core/documents/compile-schema.ts';
import { badDocument, didYouMean } from '../../core/documents/problems.ts';
import { schemaProblems } from '../../core/documents/schema-problems.ts';
import { parseYaml } from '../../core/documents/yaml.ts';
import { ChpError } from '../../core/errors.ts';
import { acquireFlock } from '../../core/flock.ts';
import type { ChpHome } from '../../core/home.ts';
import { publicKeyOf } from '../../packs/seal.ts';
import { writePrivate } from '../keys/private-files.ts';
import { thisHolder } from '../registry/holder.ts';

/**
 * The catalogues that an operator uses, and the keys that are believed for each: `catalogues.json` in CHP_HOME. A file, so
 * that it can be read, kept under version control and handed to the next operator; it holds no secret.
 */
export const CATALOGUE_NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';
export const SCOPE_PATTERN = '^@[a-z0-9][a-z0-9._-]{0,100}$';
export const DEFAULT_SCOPE = '@clawd-packs';
/** The catalogue that comes with chp. */
export const BUILTIN = 'builtin';

const closed = { additionalProperties: false } as const;
const KeySchema = Type.Object(
  {
    keyid: Type.String(),
    keytype: Type.Literal('ecdsa-sha2-nistp256'),
    scheme: Type.Literal('ecdsa-sha2-nistp256'),
    key: Type.String(),
    expires: Type.Union([Type.String(), Type.Null()]),
    revoked: Type.Optional(Type.String()),
  },
  closed,
);
const EntrySchema = Type.Object(
  {
    name: Type.String({ pattern: CATALOGUE_NAME_PATTERN }),
    location: Type.String({ minLength: 1, description: 'A folder, s3://bucket/prefix, or an address.' }),
    kind: Type.Union([Type.Literal('static'), Type.Literal('live')]),
    scope: Type.String({ pattern: SCOPE_PATTERN }),
    url: Type.String({ description: 'Under which npm’s tools find it.' }),
    validDays: Type.Integer({ minimum: 1, maximum: 36_500, description: 'How long its statement holds.' }),
    keys: Type.Array(KeySchema, { description: 'Pinned: believed for this catalogue.' }),
    signing: Type.Array(Type.String(), { description: 'Ids of the keys whose private part is here.' }),
  },
  closed,
);
const SettingsSchema = Type.Object({ schema: Type.Literal(1), catalogues: Type.Array(EntrySchema) }, closed);

export type CatalogueEntry = Static<typeof EntrySchema>;

const FILE = 'catalogues.json';
const LOCK_WAIT_MS = 30_000;
let validate: ReturnType<typeof compileSchema> | undefined;

/** In order of name. @throws BAD_DOCUMENT naming every problem, INTEGRITY for a key that is not the one it says */
export function readCatalogues(home: Pick<ChpHome, 'dir'>): CatalogueEntry[] {
  const path = join(home.dir, FILE);
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const parsed = parseYaml(text, path);
  validate ??= compileSchema(SettingsSchema);
  const problems = schemaProblems(validate, parsed);
  if (problems.length > 0) throw badDocument(path, text, problems);
  const { catalogues } = parsed.value as Static<typeof SettingsSchema>;
  for (const { keys } of catalogues) for (const key of keys) publicKeyOf(key);
  return [...catalogues].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Changes the file as a whole, one run at a time. `change` gets what is there then. */
export async function editCatalogues<T>(
  home: Pick<ChpHome, 'dir' | 'locks'>,
  change: (catalogues: CatalogueEntry[]) => Promise<{ catalogues: CatalogueEntry[]; result: T }>,
): Promise<T> {
  await using _lock = await acquireFlock(join(home.locks, 'catalogues'), thisHolder('change the catalogues'), {
    waitMs: LOCK_WAIT_MS,
    subject: 'the list of catalogues',
  });
  const before = readCatalogues(home);
  const { catalogues, result } = await change(before);
  if (JSON.stringify(catalogues) !== JSON.stringify(before))
    writePrivate(join(home.dir, FILE), `${JSON.stringify({ schema: 1, catalogues }, null, 2)}\n`);
  return result;
}

/** Changes one entry. @throws NOT_FOUND */
export function editCatalogue(
  home: Pick<ChpHome, 'dir' | 'locks'>,
  name: string,
  change: (entry: CatalogueEntry) => CatalogueEntry,
): Promise<CatalogueEntry> {
  return editCatalogues(home, async (catalogues) => {
    const result = change(named(catalogues, name));
    return { catalogues: catalogues.map((entry) => (entry.name === name ? result : entry)), result };
  });
}

/** @throws NOT_FOUND with what there is */
export function named(catalogues: readonly CatalogueEntry[], name: string): CatalogueEntry {
  const found = catalogues.find((entry) => entry.name === name);
  if (found) return found;
  const names = catalogues.map((entry) => entry.name);
  const near = didYouMean(name, names);
  throw new ChpError('NOT_FOUND', `no catalogue is called "${name}"`, {
    next: [
      ...(near ? [near] : []),
      `There are: ${names.join(', ') || 'none'}`,
      'chp catalogue add NAME LOCATION --key KEYID',
    ],
  });
}
