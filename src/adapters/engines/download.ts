import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ChpError } from '../../core/errors.ts';
import type { StepHandle } from '../../core/ports/progress.ts';
import { useProxies } from '../use-proxies.ts';
import type { Engine } from './catalogue.ts';
import type { AcquireOptions } from './options.ts';

/** Short: a machine without the internet is to go on to the next way at once. */
const ANSWER_MS = 8_000;
const STALL_MS = 30_000;

type Options = Pick<AcquireOptions, 'env' | 'signal' | 'target'> & { progress: StepHandle };

/**
 * Fetches the official release into `dir`/bin and checks it against the publisher's checksum before it is unpacked.
 * @throws ENGINE_UNAVAILABLE, INTEGRITY, DEADLINE
 */
export async function downloadEngine(
  engine: Engine,
  dir: string,
  options: Options & { stallMs?: number; answerMs?: number },
): Promise<void> {
  const { platform, arch } = options.target ?? process;
  const release = engine.download(platform, arch);
  if (!release) throw new ChpError('ENGINE_UNAVAILABLE', `there is no release for ${platform} ${arch}`);
  const answerMs = options.answerMs ?? ANSWER_MS;
  const archive = join(dir, release.file);
  const restore = await useProxies(options.env);
  try {
    const expected = await checksumOf(release.checksums, release.file, options.signal, answerMs);
    const response = await ask(release.url, options.signal, answerMs);
    const sum = await save(response, release.url, archive, options);
    if (sum !== expected) throw new ChpError('INTEGRITY', `${release.file} does not match the publisher's checksum`);
  } finally {
    restore();
  }
  const unpacked = join(dir, 'unpacked');
  await mkdir(unpacked);
  // Loaded on first use: most commands that may need an engine find it.
  const { extract } = await import('tar');
  await extract({ file: archive, cwd: unpacked, strict: true });
  await rm(archive);
  const folder = join(unpacked, release.folder);
  for (const name of await readdir(folder)) await rename(join(folder, name), join(dir, 'bin', name));
  await rm(unpacked, { recursive: true });
  await chmod(join(dir, 'bin', engine.name), 0o755);
}

async function checksumOf(url: string, file: string, signal: AbortSignal, answerMs: number): Promise<string> {
  const late = AbortSignal.timeout(answerMs * 2);
  const response = await ask(url, AbortSignal.any([signal, late]), answerMs);
  const text = await response.text().catch(() => {
    throw new ChpError('ENGINE_UNAVAILABLE', `${new URL(url).host} stopped in the middle of the checksums`);
  });
  const line = text.split('\n').find((entry) => entry.trim().endsWith(` ${file}`));
  const sum = line?.trim().split(/\s+/)[0];
  if (!sum || !/^[0-9a-f]{64}$/.test(sum))
    throw new ChpError('INTEGRITY', `the publisher's checksums do not name ${file}`);
  return sum;
}

/** @returns sha256 of what was written */
async function save(
  response: Response,
  url: string,
  path: string,
  { progress, signal, stallMs = STALL_MS }: Options & { stallMs?: number },
): Promise<string> {
  const total = Number(response.headers.get('content-length') ?? 0);
  const hash = createHash('sha256');
  let done = 0;
  const count = new Transform({
    transform(chunk: Buffer, _, next) {
      done += chunk.byteLength;
      hash.update(chunk);
      stalled.refresh();
      progress.update(done, total, 'bytes');
      next(null, chunk);
    },
  });
  const stalled = setTimeout(() => {
    count.destroy(new ChpError('DEADLINE', `${new URL(url).host} sent nothing for ${stallMs / 1000} s`));
  }, stallMs);
  try {
    const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream);
    await pipeline(body, count, createWriteStream(path), { signal });
  } catch (cause) {
    if (cause instanceof ChpError) throw cause;
    throw new ChpError('ENGINE_UNAVAILABLE', `${new URL(url).host} stopped after ${done} of ${total} bytes`, { cause });
  } finally {
    clearTimeout(stalled);
  }
  return hash.digest('hex');
}

/** @throws ENGINE_UNAVAILABLE when nothing answers in time, or not with 200 */
async function ask(url: string, signal: AbortSignal, answerMs: number): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), answerMs);
  const { host } = new URL(url);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, late.signal]) });
    if (response.ok && response.body) return response;
    await response.body?.cancel();
    throw new ChpError('ENGINE_UNAVAILABLE', `${host} answered ${response.status}`);
  } catch (error) {
    if (error instanceof ChpError) throw error;
    const cause = (error as Error & { cause?: Error }).cause?.message ?? (error as Error).message;
    const why = late.signal.aborted ? `No answer within ${answerMs / 1000} s.` : cause;
    throw new ChpError('ENGINE_UNAVAILABLE', `${host} can't be reached`, { why });
  } finally {
    clearTimeout(timer);
  }
}
