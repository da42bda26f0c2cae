import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const LAST_BYTES = 512 * 1024;

/** Last `lines` lines of a file, then (with `follow`) what is added, until the signal; a rotated file is begun anew. */
export async function* tailFile(
  path: string,
  lines: number,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const size = await sizeOf(path);
  let at = size;
  const start = Math.max(0, size - LAST_BYTES);
  const last = (await readRange(path, start, size)).split('\n').filter(Boolean);
  yield* last.slice(Math.max(0, last.length - lines));
  let rest = '';
  while (follow && !signal.aborted) {
    await sleep(250, undefined, { signal }).catch(() => {});
    const now = await sizeOf(path);
    if (now < at) at = 0;
    if (now === at) continue;
    const parts = (rest + (await readRange(path, at, now))).split('\n');
    at = now;
    rest = parts.pop() ?? '';
    yield* parts;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

async function readRange(path: string, from: number, to: number): Promise<string> {
  if (to <= from) return '';
  await using file = await open(path);
  const buffer = Buffer.alloc(to - from);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  return buffer.toString('utf8', 0, bytesRead);
}
