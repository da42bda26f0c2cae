import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../core/digest.ts';
import { ChpError } from '../../core/errors.ts';
import type { TrailEntry } from '../../core/worker-protocol.ts';

const GENESIS = '0'.repeat(64);

/**
 * A tenant's audit trail: JSON lines, each with the hash of the one before, so that an edited, removed or reordered
 * entry shows. Only ever added to.
 */
export class AuditLog {
  readonly #path: string;
  readonly #tenant: string;
  readonly #seqOf = new Map<string, number>();
  #last: Pick<TrailEntry, 'seq' | 'hash'> = { seq: 0, hash: GENESIS };

  /** @throws INTEGRITY when what is there already is not a whole chain */
  constructor(dir: string, tenant: string) {
    mkdirSync(join(dir, 'audit'), { recursive: true, mode: 0o700 });
    this.#path = join(dir, 'audit', `${tenant}.jsonl`);
    this.#tenant = tenant;
    for (const entry of this.#read()) this.#took(entry);
  }

  /** Adds an entry, on the disk when this returns. The same key adds nothing. @returns its id */
  append(entry: Pick<TrailEntry, 'key' | 'run' | 'event' | 'actor' | 'details'>): string {
    const there = this.#seqOf.get(entry.key);
    if (there !== undefined) return idOf(this.#tenant, there);
    const { run, event, actor, details, key } = entry;
    const at = new Date().toISOString();
    const open = { seq: this.#last.seq + 1, at, tenant: this.#tenant, run, event, actor, details, key };
    const linked = { ...(JSON.parse(JSON.stringify(open)) as typeof open), previous: this.#last.hash };
    const whole = { ...linked, hash: digestOf(linked) };
    const file = openSync(this.#path, 'a', 0o600);
    try {
      writeSync(file, `${JSON.stringify(whole)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#took(whole);
    return idOf(this.#tenant, whole.seq);
  }

  /** Newest last. */
  entries(limit: number): TrailEntry[] {
    return this.#read().slice(-limit);
  }

  #took(entry: TrailEntry): void {
    this.#seqOf.set(entry.key, entry.seq);
    this.#last = entry;
  }

  #read(): TrailEntry[] {
    if (!existsSync(this.#path)) return [];
    const text = readFileSync(this.#path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    // The power went while the last line was written: nobody was told that it is there.
    if (whole.length < text.length) truncateSync(this.#path, Buffer.byteLength(whole));
    const entries = whole.split('\n').filter(Boolean).map(parse);
    verifyChain(entries);
    return entries;
  }
}

const idOf = (tenant: string, seq: number): string => `${tenant}:${seq}`;

function parse(line: string, index: number): TrailEntry {
  try {
    return JSON.parse(line) as TrailEntry;
  } catch (cause) {
    throw broken(index + 1, cause);
  }
}

/** @throws INTEGRITY naming the first entry that does not follow from those before it */
export function verifyChain(entries: readonly TrailEntry[]): void {
  let previous = GENESIS;
  for (const [index, { hash, ...linked }] of entries.entries()) {
    if (linked.seq !== index + 1 || linked.previous !== previous || digestOf(linked) !== hash) throw broken(index + 1);
    previous = hash;
  }
}

function broken(seq: number, cause?: unknown): ChpError {
  return new ChpError('INTEGRITY', `the worker's audit trail is broken at entry ${seq}`, {
    why: 'An entry was edited, removed or reordered.',
    next: ['Find out who can write to the tenant’s folders; compare with a snapshot of its state.'],
    cause,
  });
}
