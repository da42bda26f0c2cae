import type { Envelope } from '../../core/ports/automation.ts';
import type { Store } from './store.ts';

interface Row {
  number: number;
  id: string;
  tenant: string;
  run: string;
  kind: Envelope['kind'];
  summary: string;
  details: string;
  risk: Envelope['risk'];
  approvers: string;
  quorum: number;
  expires_at: string;
  state: Envelope['state'];
}

/** A number stands for it where an id is too long (buttons). */
export interface KeptEnvelope extends Envelope {
  number: number;
}

/** Questions to people, and who answered them. */
export class Envelopes {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** A second time with the same id it is the same question, with the people and the end as they are now. */
  keep(envelope: Envelope): KeptEnvelope {
    const { id, tenant, run, kind, summary, details, risk, approvers, quorum } = envelope;
    // One form, so that texts compare as times do.
    const expiresAt = new Date(envelope.expiresAt).toISOString();
    this.#store.run(
      `insert into envelopes (id, tenant, run, kind, summary, details, risk, approvers, quorum, expires_at, state, opened)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
       on conflict (id) do update set approvers = excluded.approvers, expires_at = excluded.expires_at where state = 'open'`,
      ...[id, tenant, run, kind, summary, JSON.stringify(details), risk, JSON.stringify(approvers), quorum, expiresAt],
      this.#now(),
    );
    return this.get(id) as KeptEnvelope;
  }

  get(id: string): KeptEnvelope | null {
    return this.#read(this.#store.one('select * from envelopes where id = ?', id));
  }

  byNumber(number: number): KeptEnvelope | null {
    return this.#read(this.#store.one('select * from envelopes where number = ?', number));
  }

  list(open: boolean | undefined, limit: number): KeptEnvelope[] {
    this.#store.run(
      "update envelopes set state = 'expired' where state = 'open' and expires_at <= ?",
      new Date(this.#now()).toISOString(),
    );
    const where = open === undefined ? '' : `where state ${open ? '=' : '<>'} 'open'`;
    return this.#store
      .all<Row>(`select * from envelopes ${where} order by number desc limit ?`, limit)
      .map((row) => this.#read(row) as KeptEnvelope);
  }

  /** false: it has its end already, or is not known. */
  settle(id: string, state: Envelope['state']): boolean {
    // What expired on its own may still be said to be something else by the run, which counted the answers.
    return (
      this.#store.run("update envelopes set state = ? where id = ? and state in ('open', 'expired')", state, id) > 0
    );
  }

  decided(id: string, member: string): string | null {
    const found = 'select verdict from decisions where envelope = ? and member = ?';
    return this.#store.one<{ verdict: string }>(found, id, member)?.verdict ?? null;
  }

  decide(id: string, member: string, verdict: string, via: string): void {
    const insert = 'insert or ignore into decisions (envelope, member, verdict, via, at) values (?, ?, ?, ?, ?)';
    this.#store.run(insert, id, member, verdict, via, this.#now());
  }

  #read(row: Row | null): KeptEnvelope | null {
    if (!row) return null;
    const { expires_at: expiresAt, ...rest } = row;
    const over = row.state === 'open' && Date.parse(expiresAt) <= this.#now();
    return {
      number: rest.number,
      id: rest.id,
      tenant: rest.tenant,
      run: rest.run,
      kind: rest.kind,
      summary: rest.summary,
      details: JSON.parse(rest.details) as Record<string, unknown>,
      risk: rest.risk,
      approvers: JSON.parse(rest.approvers) as string[],
      quorum: rest.quorum,
      expiresAt,
      state: over ? 'expired' : rest.state,
    };
  }
}
