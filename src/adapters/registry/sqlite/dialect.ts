import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
} from 'kysely';

/** kysely over node:sqlite, which differs from better-sqlite3 only in how statements take and tell things. */
export function nodeSqliteDialect(database: DatabaseSync): Dialect {
  return new ImmediateDialect({
    database: { close: () => database.close(), prepare: (sql) => statement(database, sql) },
  });
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

class ImmediateDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;
  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }
  override createDriver(): SqliteDriver {
    return new ImmediateDriver(this.#config);
  }
}

class ImmediateDriver extends SqliteDriver {
  // A deferred transaction that reads first can't wait to write: SQLite fails it at once when another wrote meanwhile.
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}
