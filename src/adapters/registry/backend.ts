import type { Registry } from '../../core/ports/registry.ts';
import type { Db, Tx } from './tables.ts';

/** What differs between the databases. Queries are written once, on top of it. */
export interface Backend {
  /** For people and as a key: a path, or a URL without its password. */
  readonly location: string;
  /** Driver errors come out as ChpError. */
  read<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** One transaction, durable when it resolves. `work` may run again after a deadlock: nothing but queries in it. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Inside `write`: waits until no other transaction that named `key` is open. */
  serialise(tx: Tx, key: string): Promise<void>;
  lock: Registry['lock'];
  lockRollout: Registry['lockRollout'];
  close(): Promise<void>;
}
