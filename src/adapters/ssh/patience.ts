/** A deadline that stands still while a person is asked. */
export class Patience {
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #left: number;
  #since = 0;
  readonly #outer: AbortSignal | undefined;
  readonly #stop = (): void => this.#abort.abort(this.#outer?.reason);

  /** `outer` ends it, too. */
  constructor(ms: number, outer?: AbortSignal) {
    this.#left = ms;
    this.#outer = outer;
    if (outer?.aborted) this.#stop();
    outer?.addEventListener('abort', this.#stop, { once: true });
    this.#run();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Lets the clock stand still as long as `work` takes. */
  async pause<T>(work: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    this.#left -= performance.now() - this.#since;
    try {
      return await work();
    } finally {
      this.#run();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#stop);
  }

  #run(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(() => this.#abort.abort(new TimeoutError()), Math.max(1, this.#left));
  }
}

export class TimeoutError extends Error {
  override name = 'TimeoutError';
}
