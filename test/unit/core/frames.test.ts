import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Frame, FrameWriter, MAX_FRAME, RAW_FRAME, readFrames } from '../../../src/core/frames.ts';

async function decode(...chunks: Uint8Array[]): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of readFrames(Readable.from(chunks.map((chunk) => Buffer.from(chunk))))) frames.push(frame);
  return frames;
}

async function encode(write: (writer: FrameWriter) => Promise<void>): Promise<Buffer> {
  const out = new PassThrough({ highWaterMark: 10 * MAX_FRAME });
  await write(new FrameWriter(out));
  return out.read() as Buffer;
}

describe('frames', () => {
  test('come back as they went, however the stream is cut', async () => {
    const bytes = await encode(async (writer) => {
      await writer.json({ op: 'status', name: 'Zoë' });
      await writer.raw(Buffer.from([0, 1, 2, 255]));
    });
    const whole = await decode(bytes);
    expect(whole).toEqual([
      { kind: 'json', value: { op: 'status', name: 'Zoë' } },
      { kind: 'raw', bytes: Buffer.from([0, 1, 2, 255]) },
    ]);
    const cut = await decode(...Array.from(bytes, (byte) => Buffer.from([byte])));
    expect(cut[0]).toEqual(whole[0]);
    expect(Buffer.concat(cut.slice(1).map((frame) => (frame.kind === 'raw' ? frame.bytes : Buffer.alloc(0))))).toEqual(
      Buffer.from([0, 1, 2, 255]),
    );
  });

  test('raw bytes over the limit are sent in pieces, JSON over the limit is refused', async () => {
    const frames = await decode(await encode((writer) => writer.raw(Buffer.alloc(RAW_FRAME + 3, 7))));
    expect(frames.map((frame) => frame.kind === 'raw' && frame.bytes.byteLength)).toEqual([RAW_FRAME, 3]);
    await expect(encode((writer) => writer.json('x'.repeat(MAX_FRAME)))).rejects.toMatchObject({
      code: 'AGENT_FAILED',
    });
  });

  test.each([
    ['a login banner', Buffer.from('Welcome to Debian!\n'), /does not speak.*/],
    ['a length over the limit', Buffer.from([0x7f, 0, 0, 0, 1]), /does not speak/],
    ['an unknown kind', Buffer.from([0, 0, 0, 1, 9, 0]), /does not speak/],
    ['a cut message', Buffer.from([0, 0, 0, 9, 1, 0x7b]), /cut in the middle/],
    ['a cut header', Buffer.from([0, 0]), /cut in the middle/],
    ['JSON that is none', Buffer.from([0, 0, 0, 1, 1, 0x7b]), /not JSON/],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(decode(bytes)).rejects.toMatchObject({
      code: 'AGENT_FAILED',
      message: expect.stringMatching(message),
    });
  });

  test('what may wait goes with the next frame, in order, and does not wait for ever', async () => {
    const out = new PassThrough();
    const writes: Buffer[] = [];
    out.on('data', (chunk: Buffer) => writes.push(chunk));
    const writer = new FrameWriter(out);
    writer.jsonSoon(1);
    writer.jsonSoon(2);
    await writer.json(3);
    await expect.poll(() => writes.length).toBe(1);
    expect((await decode(...writes)).map((frame) => frame.kind === 'json' && frame.value)).toEqual([1, 2, 3]);
    writer.jsonSoon(4);
    await expect.poll(() => writes.length).toBe(2);
  });

  test('a slow reader holds the writer back', async () => {
    const out = new PassThrough({ highWaterMark: 16 });
    let done = false;
    const writing = new FrameWriter(out).raw(Buffer.alloc(100_000)).then(() => {
      done = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(done).toBe(false);
    out.resume();
    await writing;
    expect(done).toBe(true);
  });

  test('who stops reading lets go of the stream', async () => {
    const input = Readable.from([await encode((writer) => writer.json(1)), Buffer.from('more')]);
    for await (const frame of readFrames(input)) {
      expect(frame).toEqual({ kind: 'json', value: 1 });
      break;
    }
    expect(input.destroyed).toBe(true);
  });

  test('a reader that is gone is an error, not a wait for ever', async () => {
    const out = new PassThrough({ highWaterMark: 16 });
    const writing = new FrameWriter(out).raw(Buffer.alloc(100_000));
    out.destroy();
    await expect(writing).rejects.toThrow('closed');
  });
});
