import { setTimeout as sleep } from 'node:timers/promises';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { failure } from '../../core/http.ts';
import { VerbFailure } from '../../core/ports/automation.ts';

/** A wait up to this long is taken here; a longer one is the caller's, who has other things to do. */
const MAX_WAIT_MS = 5_000;
const KEY = 'calls';

/** How often one connector of one tenant may call, by our own rule and by what the other side said last. */
export class Limits {
  readonly #service: string;
  readonly #limiter: RateLimiterMemory;

  constructor(service: string, perMinute: number) {
    this.#service = service;
    this.#limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  }

  /** @throws VerbFailure `rate-limited` when it would take long */
  async take(signal: AbortSignal): Promise<void> {
    for (let waited = 0; ; ) {
      const wait = await this.#limiter.consume(KEY).then(
        () => 0,
        (refused: unknown) => {
          if (refused instanceof RateLimiterRes) return Math.max(1, refused.msBeforeNext);
          throw refused;
        },
      );
      if (wait === 0) return;
      if (waited + wait > MAX_WAIT_MS)
        throw new VerbFailure('rate-limited', `calls of ${this.#service} are used up for now`, { retryAfterMs: wait });
      await sleep(wait, undefined, { signal }).catch(() => {
        throw failure('unavailable', `${this.#service} was not called: it was too late`);
      });
      waited += wait;
    }
  }

  /** The other side wants to be left alone so long: nobody calls it before. */
  async obey(error: VerbFailure): Promise<void> {
    if (error.kind === 'rate-limited' && error.retryAfterMs)
      await this.#limiter.block(KEY, Math.ceil(error.retryAfterMs / 1000));
  }
}
