import { existsSync, readdirSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { BUILTIN, readCatalogues } from '../adapters/catalogue/settings.ts';
import type { Context } from './context.ts';

/**
 * Removes all that chp keeps on this machine, when the tenant `only` is all that it was ever used for: a registry with
 * the audit of other tenants, or in a database, stays. Files that are not chp's stay, too.
 *
 * @returns whether it was removed
 */
export async function removeHomeOf(context: Context, only: string): Promise<boolean> {
  const { home, env } = context;
  const registry = await context.registry();
  const others =
    (await registry.tenants()).length > 0 ||
    (await registry.audit()).some(({ tenant }) => tenant !== only) ||
    readCatalogues(home).some(({ name }) => name !== BUILTIN);
  if (others || env.CHP_DATABASE_URL) return false;
  await registry.close();
  const own = [
    home.registry,
    home.keys,
    home.knownHosts,
    home.locks,
    home.pulumiState,
    home.hub,
    join(home.dir, 'cache'),
    join(home.dir, 'hosts'),
    join(home.dir, 'catalogue'),
    join(home.dir, 'catalogues.json'),
    join(home.dir, 'catalogues-seen'),
  ];
  if (home.cache.startsWith(home.dir + sep)) own.push(home.cache);
  const copies = readdirSync(home.dir).filter((name) => name.startsWith('registry.db'));
  for (const path of [...own, ...copies.map((name) => join(home.dir, name))])
    await rm(path, { recursive: true, force: true });
  if (existsSync(home.dir) && readdirSync(home.dir).length === 0) await rmdir(home.dir);
  return !existsSync(home.dir);
}
