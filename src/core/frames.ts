import type { Readable, Writable } from 'node:stream';
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
 * Frames of a byte stream, in order; ends when the stream does.
 * @throws ChpError AGENT_FAILED on anything that is not this format (a login banner, a shell's complaint, a cut frame)
 */
export async function* readFrames(input: Readable): AsyncGenerator<Frame> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of input as AsyncIterable<Buffer>) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= HEADER) {
      const length = held.readUInt32BE(0);
      const kind = held.readUInt8(4);
      if (length > MAX_FRAME || (kind !== JSON_KIND && kind !== RAW_KIND))
        throw new ChpError('AGENT_FAILED', 'the other side does not speak the agent protocol', {
          why: `It sent: ${JSON.stringify(held.subarray(0, 120).toString('latin1'))}`,
        });
      if (held.length < HEADER + length) break;
      const payload = held.subarray(HEADER, HEADER + length);
      held = held.subarray(HEADER + length);
      yield kind === RAW_KIND ? { kind: 'raw', bytes: payload } : { kind: 'json', value: parse(payload) };
    }
  }
  if (held.length > 0) throw new ChpError('AGENT_FAILED', 'the connection was cut in the middle of a message');
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw new ChpError('AGENT_FAILED', 'a message of the agent protocol is not JSON', { cause });
  }
}
