import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type Dialect, SqliteDialect, type SqliteDialectConfig, SqliteDriver } from 'kysely';

/** kysely over node:sqlite, which differs from better-sqlite3 only in how statements take and tell things. */
export function nodeSqliteDialect(database: DatabaseSync): Dialect {
  return new NodeSqliteDialect(database);
}

function statement(
  database: DatabaseSync,
  sql: string,
): ReturnType<Exclude<SqliteDialectConfig['database'], () => unknown>['prepare']> {
  const prepared = database.prepare(sql);
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: prepared.columns().length > 0,
    all: (parameters) => prepared.all(...values(parameters)),
    run: (parameters) => prepared.run(...values(parameters)),
    iterate: (parameters) => prepared.iterate(...values(parameters)),
  };
}

class NodeSqliteDialect extends SqliteDialect {
  readonly #database: DatabaseSync;
  constructor(database: DatabaseSync) {
    super(configOf(database));
    this.#database = database;
  }
  override createDriver(): SqliteDriver {
    return new NodeSqliteDriver(this.#database);
  }
}

class NodeSqliteDriver extends SqliteDriver {
  readonly #database: DatabaseSync;
  constructor(database: DatabaseSync) {
    super(configOf(database));
    this.#database = database;
  }
  // A deferred transaction that reads first can't wait to write: SQLite fails it at once when another wrote meanwhile.
  override async beginTransaction(): Promise<void> {
    this.#database.exec('begin immediate');
  }
  // A full disk ends the transaction by itself; to roll it back again would hide why.
  override async rollbackTransaction(): Promise<void> {
    if (this.#database.isTransaction) this.#database.exec('rollback');
  }
}

function configOf(database: DatabaseSync): SqliteDialectConfig {
  return { database: { close: () => database.close(), prepare: (sql) => statement(database, sql) } };
}
