import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** How long after its last turn a session may still be asked again. */
const IDLE_MS = 5 * 60_000;

/**
 * Sessions that the worker opened in the gateway and must delete: the gateway rewrites all of them on every turn, and
 * they hold what was said. Remembered on disk, so that those of a crashed worker are deleted, too.
 */
export class AgentSessions {
  readonly #tenant: string;
  readonly #use: StatementSync;
  readonly #idle: StatementSync;
  readonly #forget: StatementSync;

  constructor(db: DatabaseSync, tenant: string) {
    this.#tenant = tenant;
    this.#use = db.prepare('INSERT OR REPLACE INTO sessions (tenant, session, used) VALUES (?, ?, ?)');
    this.#idle = db.prepare('SELECT session FROM sessions WHERE tenant = ? AND used < ?');
    this.#forget = db.prepare('DELETE FROM sessions WHERE tenant = ? AND session = ?');
  }

  /** `forMs`: how long a turn may take that begins now; 0 when it ended. */
  using(session: string, forMs: number): void {
    this.#use.run(this.#tenant, session, Date.now() + forMs);
  }

  idle(): string[] {
    return this.#idle.all(this.#tenant, Date.now() - IDLE_MS).map((row) => String(row.session));
  }

  forget(session: string): void {
    this.#forget.run(this.#tenant, session);
  }
}
