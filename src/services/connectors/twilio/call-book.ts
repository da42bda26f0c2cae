import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const KEEP_MS = 30 * 24 * 3600_000;

/** What is said in a call, and to whom. */
export interface Script {
  to: string;
  say: string;
  questions?: string[];
  guidance?: string;
  turns: number;
  goodbye?: string;
  voicemail?: string;
  language: string;
  ringSeconds: number;
}

export interface Turn {
  question: string;
  /** null: not heard yet. */
  answer: string | null;
  /** It was asked again, because nothing was heard. */
  again?: boolean;
}

export interface BookedCall {
  key: string;
  /** In the addresses of its webhooks; nobody can guess it without the key. */
  id: string;
  /** Twilio's; null until it is known. */
  sid: string | null;
  script: Script;
  turns: Turn[];
  /** Milliseconds since the epoch. */
  began: number;
}

interface Row {
  key: string;
  id: string;
  sid: string | null;
  script: string;
  turns: string;
  began: number;
}

/**
 * Calls by the key they were asked for with. It outlives the process: who comes back after a crash finds the call that
 * goes on, instead of placing another.
 */
export class CallBook {
  readonly #db: DatabaseSync;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(join(dir, 'calls.db'));
    this.#db.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;
      create table if not exists calls (key text primary key, id text not null unique, sid text, script text not null,
        turns text not null default '[]', began integer not null) strict`);
    this.#db.prepare('delete from calls where began < ?').run(Date.now() - KEEP_MS);
  }

  byKey(key: string): BookedCall | null {
    return bookedOf(this.#db.prepare('select * from calls where key = ?').get(key));
  }

  byId(id: string): BookedCall | null {
    return bookedOf(this.#db.prepare('select * from calls where id = ?').get(id));
  }

  knows(sid: string): boolean {
    return this.#db.prepare('select 1 from calls where sid = ?').get(sid) !== undefined;
  }

  /** Written before the call is placed. */
  begin(key: string, script: Script): BookedCall {
    const id = createHash('sha256').update(`chp/call/${key}`).digest('base64url').slice(0, 22);
    const insert = 'insert into calls (key, id, script, began) values (?, ?, ?, ?)';
    this.#db.prepare(insert).run(key, id, JSON.stringify(script), Date.now());
    return this.byKey(key) as BookedCall;
  }

  placed(id: string, sid: string): void {
    this.#db.prepare('update calls set sid = ? where id = ? and sid is null').run(sid, id);
  }

  turns(id: string, turns: readonly Turn[]): void {
    this.#db.prepare('update calls set turns = ? where id = ?').run(JSON.stringify(turns), id);
  }

  /** It was refused: there never was a call. */
  forget(key: string): void {
    this.#db.prepare('delete from calls where key = ? and sid is null').run(key);
  }

  close(): void {
    this.#db.close();
  }
}

function bookedOf(found: unknown): BookedCall | null {
  if (found === undefined) return null;
  const row = found as Row;
  return { ...row, script: JSON.parse(row.script) as Script, turns: JSON.parse(row.turns) as Turn[] };
}
