import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { privateDir } from '../../keys/private-files.ts';
import { registryNewer } from '../faults.ts';
import { journalTable, latestVersion, type Migration } from '../migrations.ts';
import { backupPath, corrupt, lost } from './faults.ts';

/** `chpr`: tells our file from any other SQLite database. */
const APPLICATION_ID = 0x63687072;
const MAGIC = Buffer.from('SQLite format 3\0');
/** Another process may hold the one write lock so long. */
const BUSY_MS = 15_000;
/** Up to this size the whole file is checked at each opening (about 2 ms a MiB). */
const CHECK_ALWAYS_BYTES = 2 << 20;
const BACKUP_EVERY_MS = 24 * 3600_000;

/**
 * Opens the registry file with its schema up to date; makes it where there never was one.
 * @throws ChpError REGISTRY_CORRUPT, REGISTRY_NEWER. Raw node:sqlite errors for the rest.
 */
export function openFile(path: string, migrations: readonly Migration[]): DatabaseSync {
  privateDir(dirname(path));
  // Asked in this order, because another process may be making it: only then comes its log, then its copy.
  const traces = existsSync(backupPath(path)) || existsSync(`${path}-wal`);
  if (!existsSync(path)) {
    if (traces) throw lost(path);
    createFile(path, migrations);
  }
  checkHeader(path);
  const database = connect(path);
  try {
    const version = numberOf(database, 'user_version');
    if (numberOf(database, 'application_id') !== APPLICATION_ID)
      throw corrupt(path, 'It is an SQLite file, but not a registry of chp');
    if (version > latestVersion(migrations)) throw registryNewer(path, version, latestVersion(migrations));
    if (statSync(path).size <= CHECK_ALWAYS_BYTES) checkPages(path, database, 'quick_check');
    if (version < latestVersion(migrations)) {
      checkPages(path, database, 'integrity_check');
      backUp(path, database);
      migrate(database, migrations);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Keeps `<path>.bak` not older than a day. Skipped where the file is damaged: a good copy must not be lost to a bad one. */
export function backUpDaily(path: string, database: DatabaseSync): void {
  const copy = statSync(backupPath(path), { throwIfNoEntry: false });
  if (copy && Date.now() - copy.mtimeMs < BACKUP_EVERY_MS) return;
  checkPages(path, database, 'quick_check');
  backUp(path, database);
}

function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_MS, enableForeignKeyConstraints: true });
  try {
    database.exec('pragma synchronous = full; pragma trusted_schema = off; pragma cell_size_check = on');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Made whole under another name, then linked: a killed process leaves no half file, and of two at once one wins. */
function createFile(path: string, migrations: readonly Migration[]): void {
  const staged = stagedName(path);
  try {
    const database = connect(staged);
    try {
      database.exec(`pragma journal_mode = wal; pragma application_id = ${APPLICATION_ID}`);
      migrate(database, migrations);
    } finally {
      database.close();
    }
    syncFile(staged);
    linkSync(staged, path);
    syncFile(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(`${staged}${end}`, { force: true });
  }
}

function checkHeader(path: string): void {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(100);
    const read = readSync(file, header, 0, 100, 0);
    if (read < 100) throw corrupt(path, `It has ${read} bytes; the header of an SQLite file alone has 100`);
    if (!header.subarray(0, 16).equals(MAGIC)) throw corrupt(path, 'It does not begin as an SQLite file does');
    const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    const expected = pageSize * header.readUInt32BE(28);
    const size = fstatSync(file).size;
    // With a write-ahead log beside it the file may rightly be behind its header.
    if (size < expected && !existsSync(`${path}-wal`))
      throw corrupt(path, `It has ${size} bytes of ${expected}: the end is cut off`);
  } finally {
    closeSync(file);
  }
}

function checkPages(path: string, database: DatabaseSync, check: 'quick_check' | 'integrity_check'): void {
  const [row] = database.prepare(`pragma ${check}(1)`).all();
  const found = String(row?.[check]);
  if (found !== 'ok') throw corrupt(path, `SQLite's ${check} says: ${found}`);
}

function migrate(database: DatabaseSync, migrations: readonly Migration[]): void {
  for (const { version, name, statements } of migrations) {
    database.exec('begin immediate');
    try {
      // Read inside the transaction: another process may have been first.
      if (numberOf(database, 'user_version') < version) {
        for (const statement of [journalTable('sqlite'), ...statements]) database.exec(statement);
        database.prepare('insert into chp_migrations values (?, ?, ?)').run(version, name, new Date().toISOString());
        database.exec(`pragma user_version = ${version}`);
      }
      database.exec('commit');
    } catch (error) {
      // A full disk has ended the transaction already.
      if (database.isTransaction) database.exec('rollback');
      throw error;
    }
  }
}

function backUp(path: string, database: DatabaseSync): void {
  const staged = stagedName(path);
  try {
    database.prepare('vacuum into ?').run(staged);
    syncFile(staged);
    renameSync(staged, backupPath(path));
  } finally {
    rmSync(staged, { force: true });
  }
}

/** An empty 0600 file, so that no moment passes in which SQLite's own mode (umask) is in force. */
function stagedName(path: string): string {
  const staged = join(
    dirname(path),
    `.${basename(path)}.${process.pid}.${performance.now().toString(36).replace('.', '')}`,
  );
  closeSync(openSync(staged, 'wx', 0o600));
  return staged;
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function numberOf(database: DatabaseSync, pragma: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`pragma ${pragma}`).get()?.[pragma]);
}
