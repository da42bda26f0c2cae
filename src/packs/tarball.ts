import { gunzipSync, gzipSync } from 'node:zlib';
import { ChpError } from '../core/errors.ts';
import { readTar, TAR_END, tarHeader, tarPadding } from '../core/tar.ts';
import { describesPack, type PackManifest } from './manifest.ts';

/** A file of a pack: its path below the pack's folder. */
export interface PackFile {
  path: string;
  bytes: Uint8Array;
}

/** Caps of a pack; the same for whoever writes one and whoever reads one. */
export const PACK_LIMITS = {
  /** Bytes of the tarball as it travels. */
  packed: 1024 * 1024,
  /** Bytes of the archive inside, headers and padding included. */
  unpacked: 4 * 1024 * 1024,
  files: 200,
  /** Characters of a path below the pack's folder. */
  path: 160,
} as const;

const ROOT = 'package/';
const MODE = 0o644;
const SINGLE = ['pack.yaml', 'package.json', 'README.md', 'LICENSE'];
const FOLDERS = ['prompts', 'fixtures'];
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** Whether a pack may hold a file of that path. Plain ASCII names: no dotfiles, no `..`, no nested packages. */
export function mayHold(path: string): boolean {
  if (SINGLE.includes(path)) return true;
  const segments = path.split('/');
  return (
    path.length <= PACK_LIMITS.path &&
    segments.length > 1 &&
    FOLDERS.includes(segments[0] as string) &&
    segments.every((segment) => SEGMENT.test(segment) && segment.toLowerCase() !== 'node_modules')
  );
}

/**
 * The npm-format tarball of a pack: `package/…`, owner 0:0, mtime 0, in order of path. The same files give the same
 * bytes (with the same zlib); package.json is made from `manifest`.
 * @throws ChpError BAD_INPUT when it would be over a cap
 */
export function packTarball(manifest: PackManifest, files: readonly PackFile[]): Buffer {
  const described = { path: 'package.json', bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) };
  const all = [...files.filter(({ path }) => path !== described.path), described].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
  const parts = all.flatMap(({ path, bytes }) => [
    tarHeader({ path: ROOT + path, type: 'file', mode: MODE, size: bytes.byteLength, target: '' }),
    bytes,
    tarPadding(bytes.byteLength),
  ]);
  const archive = Buffer.concat([...parts, TAR_END]);
  const tarball = gzipSync(archive, { level: 9 });
  // The system that it was made on is part of the header, and of no interest.
  tarball[9] = 0xff;
  for (const [what, size, cap] of [
    ['files', all.length, PACK_LIMITS.files],
    ['bytes', archive.byteLength, PACK_LIMITS.unpacked],
    ['bytes packed', tarball.byteLength, PACK_LIMITS.packed],
  ] as const)
    if (size > cap) throw new ChpError('BAD_INPUT', `the pack has ${size} ${what}; at most ${cap} are allowed`);
  const odd = all.find(({ path }) => !mayHold(path));
  if (odd) throw new ChpError('BAD_INPUT', `a pack can't hold ${JSON.stringify(odd.path)}`);
  return tarball;
}

/** What a tarball holds, read whole and in memory. */
export interface UnpackedPack {
  manifest: PackManifest;
  /** By path below the pack's folder, package.json included. */
  files: ReadonlyMap<string, Buffer>;
}

/**
 * Reads a tarball that may come from anybody: nothing of it is used unless all of it is as `packTarball` writes it.
 * @throws ChpError INTEGRITY
 */
export async function readTarball(tarball: Uint8Array): Promise<UnpackedPack> {
  const files = new Map<string, Buffer>();
  const seen = new Set<string>();
  const archive = inflate(tarball);
  for await (const member of readTar(one(archive))) {
    const name = JSON.stringify(member.path.slice(0, 200));
    if (seen.size >= PACK_LIMITS.files) throw refused(`it has more than ${PACK_LIMITS.files} files`);
    if (member.type !== 'file') throw refused(`${name} is a link`);
    if (member.mode !== MODE) throw refused(`${name} has the mode ${member.mode.toString(8)}, not 644`);
    const path = member.path.startsWith(ROOT) ? member.path.slice(ROOT.length) : '';
    if (!mayHold(path)) throw refused(`a pack can't hold ${name}`);
    // One file for each name on any file system, and no file where another one needs a folder.
    const folded = path.toLowerCase();
    if (seen.has(folded)) throw refused(`${name} is in it twice`);
    seen.add(folded);
    files.set(path, await member.bytes());
  }
  for (const path of files.keys())
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1))
      if (seen.has(path.slice(0, at).toLowerCase())) throw refused(`${path.slice(0, at)} is a file and a folder`);
  const described = files.get('package.json');
  if (!described || !files.has('pack.yaml')) throw refused('it lacks pack.yaml or package.json');
  return { manifest: describesPack(described), files };
}

function inflate(tarball: Uint8Array): Buffer {
  if (tarball.byteLength > PACK_LIMITS.packed) throw refused(`it has more than ${PACK_LIMITS.packed} bytes`);
  try {
    const { buffer, engine } = gunzipSync(tarball, {
      maxOutputLength: PACK_LIMITS.unpacked,
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    if (engine.bytesWritten === tarball.byteLength) return buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw refused(`it unpacks to more than ${PACK_LIMITS.unpacked} bytes`);
    throw refused('it is cut short or damaged');
  }
  throw refused('something follows the end of the archive');
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function refused(why: string): ChpError {
  return new ChpError('INTEGRITY', `the tarball of the pack is refused: ${why}`);
}
