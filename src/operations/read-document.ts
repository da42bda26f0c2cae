import { createReadStream } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { badDocument } from '../core/documents/problems.ts';
import { MAX_BYTES } from '../core/documents/yaml.ts';
import { ChpError } from '../core/errors.ts';
import type { NewDocument } from './apply-tenant.ts';

/** A document from a file, or from standard input for `-`. @throws NOT_FOUND; BAD_DOCUMENT when it is no UTF-8 text */
export async function readDocument(file: string): Promise<NewDocument> {
  if (file === '-') {
    const name = '(standard input)';
    return { text: asText(await readStart(process.stdin), name), file: name, baseDir: process.cwd() };
  }
  let bytes: Buffer;
  try {
    bytes = await readStart(createReadStream(file));
  } catch (cause) {
    throw new ChpError('NOT_FOUND', `${file} can't be read: ${(cause as Error).message}`, { cause });
  }
  return { text: asText(bytes, file), file, baseDir: dirname(resolve(file)) };
}

/** No more than the parser would take: what has no end is refused like what is too long. */
async function readStart(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > MAX_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BYTES + 1);
}

function asText(bytes: Buffer, file: string): string {
  const text = bytes.toString('utf8');
  // A document that is too long may be cut inside a character: that it is too long is said by the parser.
  if (bytes.byteLength > MAX_BYTES || Buffer.from(text).equals(bytes)) return text;
  const before = text.slice(0, text.indexOf('\uFFFD')).split('\n');
  throw badDocument(file, text, [
    {
      line: before.length,
      col: (before.at(-1) ?? '').length + 1,
      message: 'this is not UTF-8; save the file as UTF-8',
    },
  ]);
}
