/** Cuts a stream of chunks into the pieces a reader asks for. `cut` makes the error for a stream that ends too soon. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  readonly #cut: () => Error;
  constructor(source: AsyncIterable<Buffer>, cut: () => Error) {
    this.#source = source[Symbol.asyncIterator]();
    this.#cut = cut;
  }

  /** At least one and at most `max` bytes. */
  async some(max: number): Promise<Buffer> {
    if (this.#held.byteLength === 0) {
      const chunk = await this.#pull();
      if (!chunk) throw this.#cut();
      this.#held = chunk;
    }
    const taken = this.#held.subarray(0, max);
    this.#held = this.#held.subarray(taken.byteLength);
    return taken;
  }

  async exactly(size: number): Promise<Buffer> {
    if (size === 0) return Buffer.alloc(0);
    const first = await this.some(size);
    if (first.byteLength === size) return first;
    const pieces = [first];
    for (let left = size - first.byteLength; left > 0; ) {
      const piece = await this.some(left);
      left -= piece.byteLength;
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  async ended(): Promise<boolean> {
    if (this.#held.byteLength > 0) return false;
    this.#held = (await this.#pull()) ?? this.#held;
    return this.#held.byteLength === 0;
  }

  /** What is there already, at most `max` bytes; they are not taken. */
  peek(max: number): Buffer {
    return this.#held.subarray(0, max);
  }

  /** Lets go of the source, which need not have ended. */
  async end(): Promise<void> {
    await this.#source.return?.();
  }

  async #pull(): Promise<Buffer | null> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done) return null;
      if (next.value.byteLength > 0) return next.value;
    }
  }
}
