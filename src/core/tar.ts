import { Header } from 'tar/header';
import { Pax } from 'tar/pax';
import { ByteReader } from './byte-reader.ts';
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
  const input = new ByteReader(source, () => damaged('the archive is cut short'));
  try {
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
      for (let skip = left + tarPadding(member.size).byteLength; skip > 0; )
        skip -= (await input.some(skip)).byteLength;
    }
    if (!isZero(await input.exactly(BLOCK)) || !(await input.ended()))
      throw damaged('something follows the end of the archive');
  } finally {
    await input.end();
  }
}

/** null at the first empty block. */
async function nextMember(input: ByteReader): Promise<TarMember | null> {
  const block = await input.exactly(BLOCK);
  if (isZero(block)) return null;
  const header = decode(block);
  if (header.type !== LONG_NAMES) return describe(header);
  const { size } = header;
  if (!(size <= MAX_PAX)) throw damaged('a header is too long');
  const extended = Pax.parse((await input.exactly(size)).toString('utf8'));
  await input.exactly(tarPadding(size).byteLength);
  const described = describe(decode(await input.exactly(BLOCK)));
  return { ...described, path: extended.path ?? described.path, target: extended.linkpath ?? described.target };
}

const LONG_NAMES = 'x';
const TYPES: Readonly<Record<string, TarMember['type']>> = { '0': 'file', '\0': 'file', '2': 'link' };

/** The fields of a header that chp writes (POSIX.1-1988, ustar), its checksum verified. */
function decode(block: Buffer): { type: string; path: string; mode: number; size: number; target: string } {
  let sum = 0;
  // Its own eight bytes count as spaces.
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : (block[at] as number);
  if (octal(block, 148, 8) !== sum) throw damaged('a header is damaged');
  const [name, folder] = [text(block, 0, 100), text(block, 345, 155)];
  return {
    type: String.fromCharCode(block[156] as number),
    path: folder === '' ? name : `${folder}/${name}`,
    mode: octal(block, 100, 8),
    size: octal(block, 124, 12),
    target: text(block, 157, 100),
  };
}

function text(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  return block.toString('utf8', start, end < 0 || end > start + length ? start + length : end);
}

/** NaN for what is no octal number, such as the sizes above 8 GiB of other programs. */
function octal(block: Buffer, start: number, length: number): number {
  const digits = block
    .toString('latin1', start, start + length)
    .replace(/[ \0]+$/, '')
    .trimStart();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function describe({ type, ...member }: ReturnType<typeof decode>): TarMember {
  const known = TYPES[type];
  if (known && Number.isSafeInteger(member.size) && (known === 'file' || member.size === 0))
    return { ...member, type: known, target: known === 'link' ? member.target : '' };
  throw damaged(`${JSON.stringify(member.path)} is neither a file nor a link`);
}

function isZero(block: Buffer): boolean {
  return block.equals(TAR_END.subarray(0, block.byteLength));
}

function damaged(why: string): ChpError {
  return new ChpError('INTEGRITY', `the archive can't be read: ${why}`);
}
