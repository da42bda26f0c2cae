import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../../core/http.ts';
import { type CallOptions, VerbFailure } from '../../../core/ports/automation.ts';
import type { TwilioApi, TwilioCall } from './api.ts';
import type { BookedCall, CallBook, Script } from './call-book.ts';
import { farewell } from './twiml.ts';

/** How long after an attempt a call that it placed may still appear. */
const APPEARS_MS = 10_000;
/** Clocks of two machines. */
const SKEW_MS = 30_000;
const RUNNING = ['queued', 'initiated', 'ringing', 'in-progress'];

export interface CallParts {
  api: TwilioApi;
  book: CallBook;
  from: string;
  voice: string | undefined;
  /** null: no webhooks, so only what needs no answer can be said. */
  hooks: { voice: (id: string) => string; status: (id: string) => string } | null;
  poll: { firstMs: number; mostMs: number };
}

/** Places calls and waits for their end. */
export class Calls {
  readonly #parts: CallParts;
  readonly #wake = new Map<string, AbortController>();

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  /** One call a key, also across a crash. @throws VerbFailure */
  async run(script: Script, { key, signal }: CallOptions) {
    const booked = this.#parts.book.byKey(key);
    const call = booked ? await this.#found(booked, signal) : await this.#place(key, script, signal);
    return this.#ended(call, signal);
  }

  /** News of a call: there is no need to wait for the next look. */
  changed(id: string): void {
    this.#wake.get(id)?.abort();
  }

  async #place(key: string, script: Script, signal: AbortSignal): Promise<BookedCall> {
    const call = this.#parts.book.begin(key, script);
    try {
      const { sid } = (await this.#parts.api.create('Calls', this.#formOf(call), signal)) as TwilioCall;
      this.#parts.book.placed(call.id, sid);
      return { ...call, sid };
    } catch (error) {
      if (!(error instanceof VerbFailure && error.kind === 'in-doubt')) this.#parts.book.forget(key);
      // A later attempt with this key finds out.
      else throw failure('unavailable', `${error.message}; whether it rings is looked up`);
      throw error;
    }
  }

  /** An earlier attempt was made; Twilio is asked what came of it where that is not known. */
  async #found(call: BookedCall, signal: AbortSignal): Promise<BookedCall> {
    if (call.sid !== null) return call;
    const { api, book, from } = this.#parts;
    const query = { To: call.script.to, From: from, PageSize: '50' };
    const { calls = [] } = (await api.read('/Calls.json', query, signal)) as { calls?: TwilioCall[] };
    const ours = calls.filter(
      ({ sid, date_created: at }) => !book.knows(sid) && Date.parse(at) >= call.began - SKEW_MS,
    );
    if (ours.length > 1) throw failure('in-doubt', `several calls to ${call.script.to} could be the one asked for`);
    const [one] = ours;
    if (one) {
      book.placed(call.id, one.sid);
      return { ...call, sid: one.sid };
    }
    const left = call.began + APPEARS_MS - Date.now();
    if (left > 0)
      throw new VerbFailure('unavailable', `it is not known yet whether ${call.script.to} is called`, {
        retryAfterMs: left,
      });
    book.forget(call.key);
    return this.#place(call.key, call.script, signal);
  }

  async #ended(call: BookedCall, signal: AbortSignal) {
    const { firstMs, mostMs } = this.#parts.poll;
    for (let wait = firstMs; ; wait = Math.min(wait * 1.5, mostMs)) {
      const woken = new AbortController();
      this.#wake.set(call.id, woken);
      const now = (await this.#parts.api.read(`/Calls/${call.sid}.json`, {}, signal)) as TwilioCall;
      if (!RUNNING.includes(now.status)) {
        this.#wake.delete(call.id);
        return outcomeOf(now, this.#parts.book.byId(call.id) ?? call);
      }
      await sleep(wait, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => {});
      if (signal.aborted) throw failure('unavailable', `the call to ${call.script.to} still goes on`);
    }
  }

  #formOf({ id, script }: BookedCall): URLSearchParams {
    const { from, hooks, voice } = this.#parts;
    const form = new URLSearchParams({
      To: script.to,
      From: from,
      Timeout: String(script.ringSeconds),
      MachineDetection: script.voicemail === undefined ? 'Enable' : 'DetectMessageEnd',
    });
    if (hooks) {
      form.set('Url', hooks.voice(id));
      form.set('StatusCallback', hooks.status(id));
    } else form.set('Twiml', farewell([script.say, script.goodbye], { language: script.language, voice }));
    return form;
  }
}

function outcomeOf(call: TwilioCall, { turns }: BookedCall) {
  const machine = /^(machine|fax)/.test(call.answered_by ?? '');
  const taken = call.status === 'completed';
  return {
    id: call.sid,
    status: taken && machine ? 'voicemail' : call.status,
    answeredBy: !taken ? 'nobody' : machine ? 'machine' : call.answered_by === 'human' ? 'human' : 'unknown',
    seconds: Number(call.duration ?? 0),
    answers: turns.map(({ question, answer }) => ({ question, answer: answer ?? '' })),
  };
}
