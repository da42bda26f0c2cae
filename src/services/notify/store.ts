import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { GroupCommit } from '../../core/group-commit.ts';

const KEEP_MS = 90 * 24 * 3600_000;

/** SQLITE_CORRUPT, SQLITE_NOTADB: everything else may pass. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

const SCHEMA = `
  create table if not exists envelopes (
    number integer primary key, id text not null unique, tenant text not null, run text not null, kind text not null,
    summary text not null, details text not null, risk text not null, approvers text not null, quorum integer not null,
    expires_at text not null, state text not null, opened integer not null) strict;
  create table if not exists decisions (
    envelope text not null, member text not null, verdict text not null, via text not null, at integer not null,
    primary key (envelope, member)) strict, without rowid;
  create table if not exists messages (
    key text not null, recipient text not null, text text not null, urgency text not null, envelope text,
    at integer not null, via text, delivery text, primary key (key, recipient)) strict;
  create index if not exists messages_by_time on messages (at);
  create table if not exists sent (
    channel text not null, key text not null, part integer not null, chat text not null, id text not null,
    envelope text, at integer not null, primary key (channel, key, part)) strict, without rowid;
  create index if not exists sent_by_envelope on sent (envelope);
`;

/** The local inbox's file. It survives restarts and `kill -9`; a damaged one is put aside, because people must be reached. */
export class Store {
  readonly #db: DatabaseSync;
  readonly #commits: GroupCommit;

  private constructor(db: DatabaseSync) {
    this.#db = db;
    this.#commits = new GroupCommit(db);
  }

  static open(dir: string, now: number, warn: (message: string) => void): Store {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = join(dir, 'notify.db');
    try {
      return Store.#connect(path, now);
    } catch (error) {
      if (!damaged(error)) throw error;
      const aside = `${path}.damaged-${now}`;
      for (const end of ['', '-wal', '-shm']) if (existsSync(path + end)) renameSync(path + end, aside + end);
      warn(
        `the inbox was damaged (${error instanceof Error ? error.message : error}) and begins anew; the old one is ${aside}`,
      );
      return Store.#connect(path, now);
    }
  }

  static #connect(path: string, now: number): Store {
    const db = new DatabaseSync(path);
    try {
      db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000');
      const [checked] = db.prepare('pragma quick_check').all() as { quick_check: string }[];
      if (checked?.quick_check !== 'ok') throw Object.assign(new Error(checked?.quick_check), { errcode: CORRUPT });
      db.exec(SCHEMA);
      const old = now - KEEP_MS;
      db.prepare("delete from envelopes where state <> 'open' and opened < ?").run(old);
      db.prepare('delete from messages where at < ?').run(old);
      db.prepare('delete from sent where at < ?').run(old);
      db.exec('delete from decisions where envelope not in (select id from envelopes)');
      return new Store(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#db.prepare(sql).all(...values) as T[];
  }

  one<T>(sql: string, ...values: SQLInputValue[]): T | null {
    return (this.#db.prepare(sql).get(...values) as T | undefined) ?? null;
  }

  /** Returns how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#db.prepare(sql).run(...values).changes);
  }

  /** As `run`, along with others that come at the same time. Resolves when it is on the disk. */
  write(sql: string, ...values: SQLInputValue[]): Promise<number> {
    return this.#commits.run(() => this.run(sql, ...values));
  }

  close(): void {
    this.#commits.flush();
    this.#db.close();
  }
}

function damaged(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code === CORRUPT || code === NOT_A_DATABASE;
}
