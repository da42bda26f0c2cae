import {
  type CallOptions,
  type Channel,
  type Checked,
  type Delivery,
  type Envelope,
  type MemberMessage,
  type Notify,
  type OutMessage,
  type Recipient,
  VerbFailure,
} from '../../core/ports/automation.ts';
import { redactor } from '../../core/redact.ts';
import type { Decisions, Handler } from './decisions.ts';
import type { Envelopes } from './envelopes.ts';
import type { Outbox } from './outbox.ts';
import { questionText } from './texts.ts';

const LIMIT = 100;

export interface RouterParts {
  envelopes: Envelopes;
  outbox: Outbox;
  decisions: Decisions;
  channels: readonly Channel[];
  timezone: string;
  warn: (message: string) => void;
  /** Sets who hears what members write. */
  onMessage: (handler: (message: MemberMessage) => Promise<void>) => void;
  close: () => Promise<void>;
}

/** Sends by each member's preference, falls back to the next way, and keeps a copy of everything. */
export class Router implements Notify {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  async send(message: OutMessage, options: CallOptions): Promise<Delivery> {
    const { outbox } = this.#parts;
    const done = outbox.delivery(options.key, message.to.id);
    if (done) return done;
    await outbox.keep(options.key, message);
    const delivery = await this.#deliver(message, options);
    await outbox.delivered(options.key, message.to.id, delivery);
    return delivery;
  }

  async open(
    envelope: Envelope,
    ask: readonly Recipient[],
    options: CallOptions & { urgency?: OutMessage['urgency'] },
  ): Promise<void> {
    const kept = this.#parts.envelopes.keep(envelope);
    if (kept.state !== 'open') return;
    const text = questionText(kept, this.#parts.timezone);
    const urgency = options.urgency ?? 'normal';
    const asked = await Promise.allSettled(
      ask.map((to) => this.send({ to, text, urgency, envelope: kept }, { ...options, key: `${options.key}/${to.id}` })),
    );
    const failed = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    // One who was reached can answer, or call the others.
    if (ask.length > 0 && failed.length === ask.length) throw failed[0];
    for (const error of failed) this.#parts.warn(`not everybody was asked about ${envelope.id}: ${String(error)}`);
  }

  async settle(id: string, state: Envelope['state']): Promise<void> {
    if (!this.#parts.envelopes.settle(id, state)) return;
    const envelope = this.#parts.envelopes.get(id);
    if (!envelope) return;
    const told = await Promise.allSettled(this.#parts.channels.map((channel) => channel.settled?.(envelope)));
    // It is settled all the same; whoever presses an old button is told so.
    for (const one of told)
      if (one.status === 'rejected')
        this.#parts.warn(`a message about ${id} still shows its buttons: ${String(one.reason)}`);
  }

  async inbox({ open, limit = LIMIT }: { open?: boolean; limit?: number }): Promise<Envelope[]> {
    return this.#parts.envelopes.list(open, limit).map(({ number: _, ...envelope }) => envelope);
  }

  async messages({ to, limit = LIMIT }: { to?: string; limit?: number }) {
    return this.#parts.outbox.list(to, limit);
  }

  check(signal: AbortSignal): Promise<(Checked & { name: string })[]> {
    return Promise.all(
      this.#parts.channels.map(async (channel) => ({ name: channel.name, ...(await channel.check(signal)) })),
    );
  }

  onDecision(handler: Handler): void {
    this.#parts.decisions.handleBy(handler);
  }

  onMessage(handler: (message: MemberMessage) => Promise<void>): void {
    this.#parts.onMessage(handler);
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  async #deliver(message: OutMessage, options: CallOptions): Promise<Delivery> {
    const failures: { name: string; failure: VerbFailure }[] = [];
    for (const channel of this.#ways(message.to)) {
      try {
        return await channel.send(message, options);
      } catch (error) {
        failures.push({ name: channel.name, failure: asFailure(error) });
      }
    }
    if (failures.length === 0) return { via: 'inbox', id: null };
    const worst = failures.find(({ failure }) => failure.retryable) ?? failures[0];
    const text = failures.map(({ name, failure }) => `${name}: ${failure.message}`).join('; ');
    const { kind = 'unavailable', retryAfterMs } = worst?.failure ?? {};
    throw new VerbFailure(
      kind,
      redactor.text(`${message.to.name} was not reached (${text})`),
      retryAfterMs === undefined ? {} : { retryAfterMs },
    );
  }

  /** Channels that reach somebody: by the order of their contacts, then those without a kind. */
  #ways(to: Recipient): Channel[] {
    const place = ({ kind }: Channel) => {
      const at = to.contacts.findIndex((contact) => contact.kind === kind);
      return at < 0 ? to.contacts.length : at;
    };
    return this.#parts.channels.filter((channel) => channel.reaches(to)).sort((a, b) => place(a) - place(b));
  }
}

function asFailure(error: unknown): VerbFailure {
  return error instanceof VerbFailure ? error : new VerbFailure('unavailable', `a fault: ${String(error)}`);
}
