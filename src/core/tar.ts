import { Header } from 'tar/header';
import { Pax } from 'tar/pax';
import { ChpError } from './errors.ts';

/**
 * The small part of the tar format that chp writes: files and symbolic links, pax headers for long names, owner 0:0 and
 * mtime 0. The same members give the same bytes; anything else is refused on reading.
 */
export interface TarMember {
  path: string;
  type: 'file' | 'link';
  mode: number;
  /** Bytes of a file; 0 for a link. */
  size: number;
  /** Target of a link, else empty. */
  target: string;
}

const BLOCK = 512;
const MAX_PAX = 64 * 1024;

/** Two empty blocks end an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK);

/** Header of one member; the bytes of a file follow, then `tarPadding`. */
export function tarHeader(member: TarMember): Buffer {
  const { path, target } = member;
  const header = new Header({
    path,
    mode: member.mode,
    uid: 0,
    gid: 0,
    size: member.size,
    mtime: new Date(0),
    type: member.type === 'file' ? 'File' : 'SymbolicLink',
    ...(target ? { linkpath: target } : {}),
  });
  const needsPax = header.encode();
  const block = header.block ?? Buffer.alloc(0);
  if (!needsPax) return block;
  return Buffer.concat([new Pax({ path, ...(target ? { linkpath: target } : {}) }).encode(), block]);
}

/** What fills a file up to a whole block. */
export function tarPadding(size: number): Buffer {
  return TAR_END.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK);
}

/** A member being read: its bytes must be taken before the next one; those left over are skipped. */
export interface ReadMember extends TarMember {
  /** All of it at once. */
  bytes(): Promise<Buffer>;
  /** Piece by piece. */
  chunks(): AsyncGenerator<Buffer>;
}

/**
 * The members of an archive, in order.
 * @throws ChpError INTEGRITY when it is cut, damaged, or holds what chp never writes
 */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<ReadMember> {
  const input = new ByteReader(source);
  for (;;) {
    const member = await nextMember(input);
    if (!member) break;
    let left = member.size;
    yield {
      ...member,
      bytes: async () => {
        const bytes = await input.exactly(left);
        left = 0;
        return bytes;
      },
      chunks: async function* () {
        while (left > 0) {
          const chunk = await input.some(left);
          left -= chunk.byteLength;
          yield chunk;
        }
      },
    };
    for (let skip = left + tarPadding(member.size).byteLength; skip > 0; ) skip -= (await input.some(skip)).byteLength;
  }
  if (!isZero(await input.exactly(BLOCK)) || !(await input.ended()))
    throw damaged('something follows the end of the archive');
}

/** null at the first empty block. */
async function nextMember(input: ByteReader): Promise<TarMember | null> {
  const block = await input.exactly(BLOCK);
  if (isZero(block)) return null;
  const header = decode(block);
  if (header.type !== 'ExtendedHeader') return describe(header);
  const size = header.size ?? 0;
  if (size > MAX_PAX) throw damaged('a header is too long');
  const extended = Pax.parse((await input.exactly(size)).toString('utf8'));
  await input.exactly(tarPadding(size).byteLength);
  const described = describe(decode(await input.exactly(BLOCK)));
  return { ...described, path: extended.path ?? described.path, target: extended.linkpath ?? described.target };
}

function decode(block: Buffer): Header {
  const header = new Header(block, 0);
  if (!header.cksumValid) throw damaged('a header is damaged');
  return header;
}

function describe(header: Header): TarMember {
  const { path = '', mode = 0, size = 0, linkpath = '' } = header;
  if (header.type === 'File') return { path, type: 'file', mode, size, target: '' };
  if (header.type === 'SymbolicLink' && size === 0) return { path, type: 'link', mode, size, target: linkpath };
  throw damaged(`${JSON.stringify(path)} is neither a file nor a link`);
}

/** Cuts a stream of chunks into the pieces a reader asks for. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At least one and at most `max` bytes. */
  async some(max: number): Promise<Buffer> {
    if (this.#held.byteLength === 0) {
      const chunk = await this.#pull();
      if (!chunk) throw damaged('the archive is cut short');
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
    return this.#held.byteLength === 0 && (await this.#pull()) === null;
  }

  async #pull(): Promise<Buffer | null> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done) return null;
      if (next.value.byteLength > 0) return next.value;
    }
  }
}

function isZero(block: Buffer): boolean {
  return block.equals(TAR_END.subarray(0, block.byteLength));
}

function damaged(why: string): ChpError {
  return new ChpError('INTEGRITY', `the archive can't be read: ${why}`);
}
