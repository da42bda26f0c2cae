import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { GroupCommit } from '../../core/group-commit.ts';
import { VerbFailure } from '../../core/ports/automation.ts';
import { failpoint } from './failpoint.ts';

/** Longer than any run lives. */
const KEEP_MS = 400 * 24 * 3600_000;

export interface EffectRequest {
  key: string;
  tenant: string;
  verb: string;
  /** Whether it can be done again with the same key without happening twice. */
  idempotent: boolean;
}

/** How results are kept: they may hold what the family would not want in a file. */
export interface Sealer {
  seal(plain: Uint8Array): Uint8Array;
  open(sealed: Uint8Array): Uint8Array;
}

/**
 * Effects happen once a key. Each is written down before it is begun and after it ended; one that ended gives its result
 * again, one that began and never ended is done again only where the other side tells repetitions by the key.
 */
export class EffectsLedger {
  readonly #commits: GroupCommit;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #forget: StatementSync;
  readonly #find: StatementSync;
  /** Of this process: a second attempt while the first still works waits for that one. */
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(db: DatabaseSync) {
    this.#commits = new GroupCommit(db);
    db.prepare('DELETE FROM effects WHERE ended < ?').run(Date.now() - KEEP_MS);
    this.#begin = db.prepare(
      'INSERT INTO effects (key, tenant, verb, began) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#end = db.prepare('UPDATE effects SET ended = ?, result = ? WHERE key = ?');
    this.#forget = db.prepare('DELETE FROM effects WHERE key = ? AND ended IS NULL');
    this.#find = db.prepare('SELECT ended, result FROM effects WHERE key = ?');
  }

  /** Before the database is closed. */
  flush(): void {
    this.#commits.flush();
  }

  /** @throws VerbFailure `in-doubt` when nobody can tell whether it happened */
  once<T>(request: EffectRequest, sealer: Sealer, effect: () => Promise<T>): Promise<T> {
    const running = this.#running.get(request.key);
    if (running) return running as Promise<T>;
    const done = this.#once(request, sealer, effect).finally(() => this.#running.delete(request.key));
    this.#running.set(request.key, done);
    return done;
  }

  async #once<T>(request: EffectRequest, sealer: Sealer, effect: () => Promise<T>): Promise<T> {
    const { key, tenant, verb, idempotent } = request;
    const { changes } = await this.#commits.run(() => this.#begin.run(key, tenant, verb, Date.now()));
    const fresh = changes === 1;
    if (!fresh) {
      const before = this.#find.get(key) as { ended: number | null; result: Uint8Array | null } | undefined;
      if (before?.ended && before.result) return JSON.parse(Buffer.from(sealer.open(before.result)).toString()) as T;
      if (!idempotent)
        throw new VerbFailure('in-doubt', `${verb} was begun before, and nobody can tell whether it happened`);
    }
    failpoint('effect-begun');
    try {
      const result = await effect();
      failpoint('effect-done');
      const sealed = sealer.seal(Buffer.from(JSON.stringify(result ?? null)));
      await this.#commits.run(() => this.#end.run(Date.now(), sealed, key));
      return result;
    } catch (error) {
      if (!didNotHappen(error)) {
        const why = `${verb} may have happened, nobody can tell: ${(error as Error).message}`;
        throw new VerbFailure('in-doubt', why, { cause: error });
      }
      await this.#commits.run(() => this.#forget.run(key));
      throw error;
    }
  }
}

/** Whoever does an effect says `in-doubt` when it may have happened; a fault that is no answer at all proves nothing. */
const didNotHappen = (error: unknown): boolean => error instanceof VerbFailure && error.kind !== 'in-doubt';
