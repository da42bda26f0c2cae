import { setTimeout as sleep } from 'node:timers/promises';
import { CamelCasePlugin, Kysely, PostgresDialect, sql } from 'kysely';
import type { Backend } from '../backend.ts';
import { type Migration, migrationsFor } from '../migrations.ts';
import type { Tables } from '../tables.ts';
import { isWorthAnotherTry, locationOf, postgresFault } from './faults.ts';
import { rolloutSessionLock, sessionLock } from './lock.ts';
import { ensureSchema } from './schema.ts';

/** A server that is gone must not keep the process. */
const CLOSE_MS = 5_000;

/**
 * Needs a direct connection, or a pooler in session mode: locks belong to sessions.
 * @throws ChpError BAD_INPUT, REGISTRY_NEWER, REGISTRY_UNAVAILABLE
 */
export async function openPostgres(
  url: string,
  migrations: readonly Migration[] = migrationsFor('postgres'),
): Promise<Backend> {
  const location = locationOf(url);
  // Loaded here: a registry in SQLite must not pay for it.
  const { default: pg } = await import('pg');
  const config = { connectionString: url, connectionTimeoutMillis: 10_000, keepAlive: true };
  const pool = new pg.Pool({
    ...config,
    application_name: 'chp',
    max: 4,
    statement_timeout: 30_000,
    // Ours, for a server that does not answer at all.
    query_timeout: 40_000,
    lock_timeout: 15_000,
    idle_in_transaction_session_timeout: 30_000,
  });
  // An idle connection that is cut is replaced by the next query; without a listener it would end the process.
  pool.on('error', () => {});
  const translated = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw postgresFault(location, error);
    }
  };
  try {
    await translated(() => ensureSchema(pool, location, migrations));
  } catch (error) {
    await pool.end();
    throw error;
  }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });
  let closing: Promise<void> | undefined;
  return {
    location,
    read: (work) => translated(() => work(db)),
    write: (work) => translated(() => again(() => db.transaction().execute(work))),
    async serialise(tx, key) {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`chp:${key}`}, 0))`.execute(tx);
    },
    lock: sessionLock(config, location),
    lockRollout: rolloutSessionLock(config, location),
    close() {
      closing ??= Promise.race([pool.end(), sleep(CLOSE_MS, undefined, { ref: false })]);
      return closing;
    },
  };
}

async function again<T>(work: () => Promise<T>, tries = 3): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (tries <= 1 || !isWorthAnotherTry(error)) throw error;
    return again(work, tries - 1);
  }
}
