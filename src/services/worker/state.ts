import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const BUSY_MS = 10_000;

/**
 * What the worker itself must remember across a crash: which effects began and ended, which sessions of the agent are
 * still to be deleted. One file for all tenants of the process; written before anything is done (synchronous=FULL).
 */
export function openState(dir: string): DatabaseSync {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(join(dir, 'worker.db'));
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA busy_timeout = ${BUSY_MS};
    CREATE TABLE IF NOT EXISTS effects (
      key TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      verb TEXT NOT NULL,
      began INTEGER NOT NULL,
      ended INTEGER,
      result BLOB
    ) STRICT;
    CREATE INDEX IF NOT EXISTS effects_ended ON effects (ended);
    CREATE TABLE IF NOT EXISTS sessions (
      session TEXT NOT NULL,
      tenant TEXT NOT NULL,
      used INTEGER NOT NULL,
      PRIMARY KEY (tenant, session)
    ) STRICT;
  `);
  return db;
}
