/**
 * What the worker's activities need of the outside world. The worker sees these interfaces only; `services/connectors`
 * and `services/notify` implement them, `bin/worker.ts` puts them together.
 */

/** Why a verb did not do what it was asked. `kind` decides the run's status; only `unavailable` and `rate-limited` are tried again. */
export const VERB_FAILURES = [
  'unavailable', // no answer, 5xx, timeout: may work later
  'rate-limited', // 429; `retryAfterMs`
  'refused', // the other side said no: 4xx
  'not-found',
  'auth', // the secret is missing, wrong or expired
  'needs-info', // the agent's answer stayed invalid, or an input is missing
  'denied', // a person said no, or nobody said yes in time
  'undeclared', // the pack asked for what it did not declare
  'in-doubt', // an effect began before a crash and nobody can tell whether it happened
] as const;
export type VerbFailureKind = (typeof VERB_FAILURES)[number];

export class VerbFailure extends Error {
  readonly kind: VerbFailureKind;
  readonly retryAfterMs: number | undefined;

  constructor(kind: VerbFailureKind, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VerbFailure';
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }

  get retryable(): boolean {
    return this.kind === 'unavailable' || this.kind === 'rate-limited';
  }
}

export interface CallOptions {
  /** Equal on every attempt: where the other side knows idempotency keys, it is sent. */
  key: string;
  signal: AbortSignal;
}

/** What was found when it was tried; `detail` is one sentence, and says what was not tried. */
export interface Checked {
  ok: boolean;
  detail: string;
}

/** One third-party API. Operations, their arguments and risks are data in packs/connectors; this does them. */
export interface Connector {
  readonly name: string;
  /** Whether an operation that has an effect can be repeated with the same key without doing it twice. */
  readonly idempotent: (operation: string) => boolean;
  /** `args` are valid by the operation's schema. @throws VerbFailure */
  call(operation: string, args: Record<string, unknown>, options: CallOptions): Promise<unknown>;
  /** Drives the real API without an effect. */
  check(signal: AbortSignal): Promise<Checked>;
  /**
   * Hands on what happens on the other side from now on, for types in the connector's table of events. What happens while
   * the connection is down is lost. Ends with the function it returns, or with `close`.
   */
  subscribe?(type: string, handler: (event: ConnectorEvent) => void): () => void;
  close?(): Promise<void>;
}

export interface ConnectorEvent {
  type: string;
  /** By the schema in the table; becomes `trigger.payload`. */
  payload: Record<string, unknown>;
  /** Equal when the same thing is reported twice. */
  id: string;
}

export interface Contact {
  kind: 'telegram' | 'sms' | 'voice' | 'email' | 'push';
  address: string;
}

export interface Recipient {
  id: string;
  name: string;
  role: string;
  /** Most preferred first. */
  contacts: readonly Contact[];
  quietHours?: { from: string; to: string };
}

export interface OutMessage {
  to: Recipient;
  text: string;
  urgency: 'low' | 'normal' | 'emergency';
  /** Buttons: an envelope that the message asks about. */
  envelope?: Envelope;
}

export interface Delivery {
  /** `telegram`, `webhook`, `inbox`… */
  via: string;
  /** The other side's id, where it gives one. */
  id: string | null;
}

/** One way to reach people. */
export interface Channel {
  readonly name: string;
  /** The kind of contact it serves, which gives it its place in a member's order of preference; null: comes after those. */
  readonly kind: Contact['kind'] | null;
  reaches(recipient: Recipient): boolean;
  /** @throws VerbFailure */
  send(message: OutMessage, options: CallOptions): Promise<Delivery>;
  /** Drives the real service, and tells nobody anything. */
  check(signal: AbortSignal): Promise<Checked>;
  /** The envelope has its end: what was sent about it may say so. */
  settled?(envelope: Envelope): Promise<void>;
  close?(): Promise<void>;
}

export interface StoredMessage {
  key: string;
  to: string;
  text: string;
  urgency: OutMessage['urgency'];
  envelope: string | null;
  /** ISO 8601. */
  at: string;
  /** null: no channel took it, it lies here only. */
  delivery: Delivery | null;
}

/** A question to people: may this be done? Who may answer, how many must, and until when. */
export interface Envelope {
  /** `<run>/<path>`, so that asking again is the same question. */
  id: string;
  tenant: string;
  run: string;
  kind: 'approve' | 'acknowledge';
  summary: string;
  details: Record<string, unknown>;
  risk: 'low' | 'medium' | 'high';
  /** Member ids. */
  approvers: readonly string[];
  quorum: number;
  /** ISO 8601. */
  expiresAt: string;
  state: 'open' | 'approved' | 'denied' | 'expired' | 'acknowledged' | 'overridden';
}

/** Sends to people by their preference, keeps the inbox, and hands on what they answer. */
export interface Notify {
  /** Tries the recipient's channels in order; the local inbox always has a copy. @throws VerbFailure when none took it */
  send(message: OutMessage, options: CallOptions): Promise<Delivery>;
  /** Keeps the envelope and asks `ask`. Safe to call again: the same key asks nobody twice, another key asks again. */
  open(
    envelope: Envelope,
    ask: readonly Recipient[],
    options: CallOptions & { urgency?: OutMessage['urgency'] },
  ): Promise<void>;
  /** An envelope that has its end keeps it; an unknown one is no error. */
  settle(id: string, state: Envelope['state']): Promise<void>;
  /** Newest first. What nobody settled in time is `expired`. */
  inbox(filter: { open?: boolean; limit?: number }): Promise<Envelope[]>;
  /** What was said to members, newest first: the local copy of every message. */
  messages(filter: { to?: string; limit?: number }): Promise<StoredMessage[]>;
  /** Every channel by its name. */
  check(signal: AbortSignal): Promise<(Checked & { name: string })[]>;
  /** Answers that arrive by a channel (a button in Telegram). The handler throws ChpError when one does not count. */
  onDecision(
    handler: (decision: { envelope: string; by: string; verdict: string; comment?: string }) => Promise<void>,
  ): void;
  /** What members write to a bot of the worker's own; `id` is equal when it is reported twice. */
  onMessage?(handler: (message: MemberMessage) => Promise<void>): void;
  close(): Promise<void>;
}

export interface MemberMessage {
  /** Member id. */
  by: string;
  text: string;
  id: string;
}

/** The tenant's gateway, driven as its user would. */
export interface AgentPort {
  /** One turn, judged by the session's stop reason. @throws VerbFailure; the text of the answer otherwise */
  ask(
    question: { prompt: string; guidance: string; session: string; timeoutMs: number },
    options: CallOptions,
  ): Promise<{ text: string }>;
  /** Writes to somebody by a chat channel that the gateway owns; it knows idempotency keys. @throws VerbFailure */
  send?(message: { channel: string; to: string; text: string }, options: CallOptions): Promise<{ id: string | null }>;
  close(): Promise<void>;
}
