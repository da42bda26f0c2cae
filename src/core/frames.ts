import type { Readable, Writable } from 'node:stream';
import { ChpError } from './errors.ts';

/** Wire format of `core/agent-protocol.ts`: `<4-byte big-endian length><1-byte kind><payload>`. */
export const MAX_FRAME = 1024 * 1024;
const HEADER = 5;
const JSON_KIND = 1;
const RAW_KIND = 2;

export type Frame = { kind: 'json'; value: unknown } | { kind: 'raw'; bytes: Buffer };

/** Writes frames, waiting when the other side is slow. */
export class FrameWriter {
  readonly #out: Writable;
  constructor(out: Writable) {
    this.#out = out;
  }

  json(value: unknown): Promise<void> {
    return this.#frame(JSON_KIND, Buffer.from(JSON.stringify(value)));
  }

  /** Any number of bytes; cut into frames. */
  async raw(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength; at += MAX_FRAME)
      await this.#frame(RAW_KIND, bytes.subarray(at, at + MAX_FRAME));
  }

  async #frame(kind: number, payload: Uint8Array): Promise<void> {
    if (payload.byteLength > MAX_FRAME)
      throw new ChpError('AGENT_FAILED', `a message of ${payload.byteLength} bytes is too large to send`);
    const header = Buffer.alloc(HEADER);
    header.writeUInt32BE(payload.byteLength, 0);
    header.writeUInt8(kind, 4);
    this.#out.write(header);
    if (!this.#out.write(payload)) {
      await new Promise<void>((resolve, reject) => {
        const done = (error?: Error) => {
          for (const event of ['drain', 'close', 'error']) this.#out.off(event, listeners[event as 'drain']);
          if (error) reject(error);
          else resolve();
        };
        const listeners = {
          drain: () => done(),
          close: () => done(new Error('closed')),
          error: (error: Error) => done(error),
        };
        this.#out.once('drain', listeners.drain).once('close', listeners.close).once('error', listeners.error);
      });
    }
  }
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
