import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { ChpError } from '../../core/errors.ts';
import type { StepHandle } from '../../core/ports/progress.ts';
import type { AcquireOptions } from './acquire.ts';
import type { Engine } from './catalogue.ts';

const CONNECT_MS = 8_000;
const STALL_MS = 30_000;

/** Fetches the official release into `dir`/bin and checks it against the publisher's checksum. */
export async function downloadEngine(
  engine: Engine,
  dir: string,
  options: AcquireOptions & { progress: StepHandle },
): Promise<void> {
  const release = engine.download(process.platform, process.arch);
  if (!release) throw new ChpError('ENGINE_UNAVAILABLE', `no release for ${process.platform} ${process.arch}`);
  const expected = await checksumOf(release.checksums, release.file, options.signal);
  const archive = join(dir, release.file);
  const sum = await fetchFile(release.url, archive, options);
  if (sum !== expected) throw new ChpError('INTEGRITY', `${release.file} does not match the publisher's checksum`);
  await extract({ file: archive, cwd: dir, strict: true });
  await rm(archive);
  for (const name of await readdir(join(dir, release.folder)))
    await rename(join(dir, release.folder, name), join(dir, 'bin', name));
  await rm(join(dir, release.folder), { recursive: true });
  await chmod(join(dir, 'bin', engine.name), 0o755);
}

async function checksumOf(url: string, file: string, signal: AbortSignal): Promise<string> {
  const text = await (await open(url, signal)).text();
  const line = text.split('\n').find((entry) => entry.trim().endsWith(` ${file}`));
  const sum = line?.trim().split(/\s+/)[0];
  if (!sum || !/^[0-9a-f]{64}$/.test(sum))
    throw new ChpError('INTEGRITY', `the publisher's checksums do not name ${file}`);
  return sum;
}

async function fetchFile(
  url: string,
  path: string,
  { progress, signal }: AcquireOptions & { progress: StepHandle },
): Promise<string> {
  const response = await open(url, signal);
  const total = Number(response.headers.get('content-length') ?? 0);
  let done = 0;
  let alive = Date.now();
  const count = new Transform({
    transform(chunk: Buffer, _, next) {
      done += chunk.byteLength;
      alive = Date.now();
      progress.update(done, total, 'bytes');
      next(null, chunk);
    },
  });
  const watch = setInterval(
    () =>
      Date.now() - alive > STALL_MS &&
      count.destroy(new ChpError('DEADLINE', `${url} stalled for ${STALL_MS / 1000} s`)),
    1_000,
  );
  try {
    await pipeline(
      Readable.fromWeb(response.body as import('node:stream/web').ReadableStream),
      count,
      createWriteStream(path),
      { signal },
    );
  } finally {
    clearInterval(watch);
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** @throws ENGINE_UNAVAILABLE when nothing answers in time, or not with 200 */
async function open(url: string, signal: AbortSignal): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), CONNECT_MS);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, late.signal]) });
    if (response.ok && response.body) return response;
    throw new ChpError('ENGINE_UNAVAILABLE', `${new URL(url).host} answered ${response.status}`);
  } catch (error) {
    if (error instanceof ChpError) throw error;
    const cause = (error as Error & { cause?: Error }).cause?.message ?? (error as Error).message;
    throw new ChpError('ENGINE_UNAVAILABLE', `${new URL(url).host} can't be reached`, { why: cause });
  } finally {
    clearTimeout(timer);
  }
}
