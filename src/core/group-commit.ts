import type { DatabaseSync } from 'node:sqlite';

interface Waiting {
  write: () => unknown;
  done: (result: unknown) => void;
  failed: (error: unknown) => void;
}

/**
 * Writes to a database that each must be on the disk before it counts, but need not have a commit of its own: those that
 * come within one turn of the event loop share one, and so one wait for the disk (group commit, as databases do among
 * their connections).
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  #waiting: Waiting[] = [];

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** `write` is one statement, or ones that may be kept one without the other. Resolves when it is on the disk. */
  run<T>(write: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#waiting.push({ write, done: resolve as Waiting['done'], failed: reject }) === 1)
      setImmediate(() => this.flush());
    return promise;
  }

  /** Commits what waits. For the end: whoever closes the database calls it first. */
  flush(): void {
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    const answers: (() => void)[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const { write, done, failed } of group)
        try {
          const result = write();
          answers.push(() => done(result));
        } catch (error) {
          // SQLite has taken back this statement alone: the others are none the worse.
          answers.push(() => failed(error));
        }
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      for (const { failed } of group) failed(error);
      return;
    }
    for (const answer of answers) answer();
  }
}
