import { ChpError } from '../../core/errors.ts';
import { redactor } from '../../core/redact.ts';
import type { Envelopes, KeptEnvelope } from './envelopes.ts';
import { endText } from './texts.ts';

export interface Press {
  envelope: KeptEnvelope;
  /** Member id. */
  by: string;
  verdict: 'approve' | 'deny' | 'acknowledge';
  /** Channel. */
  via: string;
}

export type Handler = (decision: { envelope: string; by: string; verdict: string }) => Promise<void>;

/** Whether it counts, and what the person is told: one sentence. */
export interface Heard {
  counts: boolean;
  say: string;
}

/** Answers that arrive by channels: only of those who were asked, in time, once. The handler has the last word. */
export class Decisions {
  readonly #envelopes: Envelopes;
  readonly #warn: (message: string) => void;
  readonly #busy = new Set<string>();
  #handler: Handler | undefined;

  constructor(envelopes: Envelopes, warn: (message: string) => void) {
    this.#envelopes = envelopes;
    this.#warn = warn;
  }

  handleBy(handler: Handler): void {
    this.#handler = handler;
  }

  async hear({ envelope, by, verdict, via }: Press): Promise<Heard> {
    const no = (say: string): Heard => ({ counts: false, say });
    if (!envelope.approvers.includes(by)) return no('You are not asked in this.');
    if (envelope.state !== 'open') return no(`Too late. ${endText(envelope.state)}.`);
    const before = this.#envelopes.decided(envelope.id, by);
    if (before) return no(`You have answered already: ${before}.`);
    if (!this.#handler) return no('Not ready yet. Please try again in a minute.');
    const busy = `${envelope.id} ${by}`;
    if (this.#busy.has(busy)) return no('Your answer is being taken.');
    this.#busy.add(busy);
    try {
      await this.#handler({ envelope: envelope.id, by, verdict });
      this.#envelopes.decide(envelope.id, by, verdict, via);
      return { counts: true, say: `Thank you: ${verdict}.` };
    } catch (error) {
      if (error instanceof ChpError) return no(redactor.text(error.message));
      this.#warn(`an answer to ${envelope.id} was not taken: ${redactor.text(String(error))}`);
      return no('That did not work. Please try again.');
    } finally {
      this.#busy.delete(busy);
    }
  }
}
