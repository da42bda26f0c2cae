import type { Delivery, OutMessage, StoredMessage } from '../../core/ports/automation.ts';
import type { Store } from './store.ts';

interface MessageRow {
  key: string;
  recipient: string;
  text: string;
  urgency: OutMessage['urgency'];
  envelope: string | null;
  at: number;
  via: string | null;
  delivery: string | null;
}

/** One part of a message as a channel sent it. */
export interface SentPart {
  key: string;
  part: number;
  chat: string;
  id: string;
}

/** The local copy of every message, and what channels did with them: a key is sent once. */
export class Outbox {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async keep(key: string, { to, text, urgency, envelope }: OutMessage): Promise<void> {
    const insert =
      'insert or ignore into messages (key, recipient, text, urgency, envelope, at) values (?, ?, ?, ?, ?, ?)';
    await this.#store.write(insert, key, to.id, text, urgency, envelope?.id ?? null, this.#now());
  }

  delivery(key: string, recipient: string): Delivery | null {
    const found = 'select via, delivery from messages where key = ? and recipient = ?';
    const row = this.#store.one<{ via: string | null; delivery: string | null }>(found, key, recipient);
    return row?.via ? { via: row.via, id: row.delivery } : null;
  }

  async delivered(key: string, recipient: string, { via, id }: Delivery): Promise<void> {
    const update = 'update messages set via = ?, delivery = ? where key = ? and recipient = ?';
    await this.#store.write(update, via, id, key, recipient);
  }

  list(to: string | undefined, limit: number): StoredMessage[] {
    const where = to === undefined ? '' : 'where recipient = ?';
    return this.#store
      .all<MessageRow>(
        `select * from messages ${where} order by at desc, rowid desc limit ?`,
        ...(to === undefined ? [limit] : [to, limit]),
      )
      .map(({ key, recipient, text, urgency, envelope, at, via, delivery }) => ({
        key,
        to: recipient,
        text,
        urgency,
        envelope,
        at: new Date(at).toISOString(),
        delivery: via === null ? null : { via, id: delivery },
      }));
  }

  sent(channel: string, key: string, part: number): SentPart | null {
    const found = 'select key, part, chat, id from sent where channel = ? and key = ? and part = ?';
    return this.#store.one<SentPart>(found, channel, key, part);
  }

  markSent(channel: string, { key, part, chat, id }: SentPart, envelope: string | null): void {
    const insert =
      'insert or replace into sent (channel, key, part, chat, id, envelope, at) values (?, ?, ?, ?, ?, ?, ?)';
    this.#store.run(insert, channel, key, part, chat, id, envelope, this.#now());
  }

  /** The last part of each message about an envelope: the one with the buttons. */
  about(channel: string, envelope: string): SentPart[] {
    return this.#store.all<SentPart>(
      `select key, max(part) as part, chat, id from sent where channel = ? and envelope = ? group by key`,
      channel,
      envelope,
    );
  }
}
