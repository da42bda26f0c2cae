import type { Readable, Writable } from 'node:stream';
import { ByteReader } from './byte-reader.ts';
import { ChpError } from './errors.ts';

/** Wire format of `core/agent-protocol.ts`: `<4-byte big-endian length><1-byte kind><payload>`. */
export const MAX_FRAME = 1024 * 1024;
/** Raw bytes go in smaller frames: on a slow line each is a sign of life. */
export const RAW_FRAME = 256 * 1024;
const HEADER = 5;
const JSON_KIND = 1;
const RAW_KIND = 2;
/** Bytes up to which frames are put together into one write: what an SSH packet holds. */
const ONE_WRITE = 32 * 1024;
const SOON_MS = 100;
/** Of what is no frame, for the error. */
const SHOWN = 115;

export type Frame = { kind: 'json'; value: unknown } | { kind: 'raw'; bytes: Buffer };

/** Writes frames, waiting when the other side is slow. */
export class FrameWriter {
  readonly #out: Writable;
  #held: Uint8Array[] = [];
  #timer: NodeJS.Timeout | undefined;
  constructor(out: Writable) {
    this.#out = out;
  }

  async json(value: unknown): Promise<void> {
    await this.#write(frame(JSON_KIND, Buffer.from(JSON.stringify(value))));
  }

  /**
   * As `json`, but may wait a moment for the next frame and go with it: over a network, small packets in a row wait for
   * each other's acknowledgement.
   */
  jsonSoon(value: unknown): void {
    this.#held.push(...frame(JSON_KIND, Buffer.from(JSON.stringify(value))));
    this.#timer ??= setTimeout(() => void this.#write([]).catch(() => {}), SOON_MS);
  }

  /** Any number of bytes; cut into frames. */
  async raw(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength; at += RAW_FRAME)
      await this.#write(frame(RAW_KIND, bytes.subarray(at, at + RAW_FRAME)));
  }

  async #write(parts: Uint8Array[]): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const all = [...this.#held, ...parts];
    this.#held = [];
    const size = all.reduce((sum, part) => sum + part.byteLength, 0);
    const pieces = size <= ONE_WRITE ? [Buffer.concat(all)] : all;
    let ready = true;
    for (const piece of pieces) ready = this.#out.write(piece);
    if (!ready) await drained(this.#out);
  }
}

/** @throws ChpError AGENT_FAILED when it is too large */
function frame(kind: number, payload: Uint8Array): Uint8Array[] {
  if (payload.byteLength > MAX_FRAME)
    throw new ChpError('AGENT_FAILED', `a message of ${payload.byteLength} bytes is too large to send`);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(payload.byteLength, 0);
  header.writeUInt8(kind, 4);
  return [header, payload];
}

function drained(out: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error) => {
      for (const [event, listener] of Object.entries(listeners)) out.off(event, listener);
      if (error) reject(error);
      else resolve();
    };
    const listeners = {
      drain: () => done(),
      close: () => done(new Error('closed')),
      error: (error: Error) => done(error),
    };
    for (const [event, listener] of Object.entries(listeners)) out.once(event, listener);
  });
}

/**
 * Frames of a byte stream, in order; ends when the stream does. A raw one comes as one or more.
 * @throws ChpError AGENT_FAILED on anything that is not this format (a login banner, a shell's complaint, a cut frame)
 */
export async function* readFrames(input: Readable): AsyncGenerator<Frame> {
  const bytes = new ByteReader(input, cut);
  try {
    while (!(await bytes.ended())) {
      const header = await bytes.exactly(HEADER);
      const length = header.readUInt32BE(0);
      const kind = header.readUInt8(4);
      if (length > MAX_FRAME || (kind !== JSON_KIND && kind !== RAW_KIND))
        throw new ChpError('AGENT_FAILED', 'the other side does not speak the agent protocol', {
          why: `It sent: ${JSON.stringify(Buffer.concat([header, bytes.peek(SHOWN)]).toString('latin1'))}`,
        });
      if (kind === JSON_KIND) yield { kind: 'json', value: parse(await bytes.exactly(length)) };
      // In the pieces in which they came: to put those together takes longer than to send them.
      for (let left = kind === RAW_KIND ? length : 0; left > 0; ) {
        const piece = await bytes.some(left);
        left -= piece.byteLength;
        yield { kind: 'raw', bytes: piece };
      }
    }
  } finally {
    await bytes.end();
  }
}

const cut = (): ChpError => new ChpError('AGENT_FAILED', 'the connection was cut in the middle of a message');

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw new ChpError('AGENT_FAILED', 'a message of the agent protocol is not JSON', { cause });
  }
}
