import type { DatabaseSync } from 'node:sqlite';
import { CamelCasePlugin, Kysely } from 'kysely';
import type { ChpHome } from '../../../core/home.ts';
import type { Backend } from '../backend.ts';
import { type Migration, migrationsFor } from '../migrations.ts';
import type { Tables } from '../tables.ts';
import { nodeSqliteDialect } from './dialect.ts';
import { sqliteFault } from './faults.ts';
import { backUpDaily, openFile } from './file.ts';
import { fileLock, rolloutFileLock } from './lock.ts';

/** @throws ChpError REGISTRY_CORRUPT, REGISTRY_NEWER, REGISTRY_UNAVAILABLE */
export function openSqlite(
  home: Pick<ChpHome, 'registry' | 'locks'>,
  migrations: readonly Migration[] = migrationsFor('sqlite'),
): Backend {
  const path = home.registry;
  const translated = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw sqliteFault(path, error);
    }
  };
  let database: DatabaseSync;
  try {
    database = openFile(path, migrations);
  } catch (error) {
    throw sqliteFault(path, error);
  }
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database), plugins: [new CamelCasePlugin()] });
  let wrote = false;
  let closed = false;
  return {
    location: path,
    read: (work) => translated(() => work(db)),
    write: (work) =>
      translated(async () => {
        const result = await db.transaction().execute(work);
        wrote = true;
        return result;
      }),
    // A write transaction has the whole file for itself.
    serialise: async () => {},
    lock: fileLock(home.locks),
    lockRollout: rolloutFileLock(home.locks),
    async close() {
      if (closed) return;
      closed = true;
      try {
        if (wrote) backUpDaily(path, database);
      } catch {
        // The work is done and safe. A damaged file is reported by the next opening, a missing copy is made by the next close.
      } finally {
        // kysely closes the database only once it has sent a query.
        if (database.isOpen) database.close();
      }
    },
  };
}
