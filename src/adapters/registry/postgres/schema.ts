import type { Pool, PoolClient } from 'pg';
import { registryNewer } from '../faults.ts';
import { journalTable, latestVersion, type Migration } from '../migrations.ts';

const NO_SUCH_TABLE = '42P01';

/** Brings the schema up to date; one query when it is. Safe with several processes at once. @throws ChpError REGISTRY_NEWER */
export async function ensureSchema(pool: Pool, location: string, migrations: readonly Migration[]): Promise<void> {
  const latest = latestVersion(migrations);
  const version = await currentVersion(pool);
  if (version > latest) throw registryNewer(location, version, latest);
  if (version === latest) return;
  const client = await pool.connect();
  try {
    for (const migration of migrations) await applyOne(client, migration);
  } finally {
    client.release();
  }
}

async function applyOne(client: PoolClient, { version, name, statements }: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query("select pg_advisory_xact_lock(hashtextextended('chp:migrate', 0))");
    await client.query(journalTable('postgres'));
    // Read under the lock: another process may have been first.
    const { rowCount } = await client.query('select 1 from chp_migrations where version >= $1', [version]);
    if (rowCount === 0) {
      for (const statement of statements) await client.query(statement);
      await client.query('insert into chp_migrations values ($1, $2, $3)', [version, name, new Date().toISOString()]);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

async function currentVersion(pool: Pool): Promise<number> {
  try {
    const { rows } = await pool.query<{ version: number | null }>('select max(version) as version from chp_migrations');
    return rows[0]?.version ?? 0;
  } catch (error) {
    if ((error as { code?: string }).code === NO_SUCH_TABLE) return 0;
    throw error;
  }
}
