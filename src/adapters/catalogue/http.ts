import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from '../../core/errors.ts';
import { useProxies } from '../use-proxies.ts';
import { tooLarge } from './folder.ts';
import type { FileSource, StoredFile } from './object-store.ts';

const ANSWER_MS = 30_000;
const TRIES = 3;
const RETRY_MS = 300;

export interface Answer {
  status: number;
  bytes: Buffer;
  headers: Headers;
}

/** A catalogue on any web server: read only. */
export function httpSource(location: string): FileSource {
  return {
    location,
    async get(path: string, maxBytes: number): Promise<StoredFile | null> {
      const answer = await getBounded(`${location.replace(/\/+$/, '')}/${path}`, maxBytes, {
        'cache-control': 'no-cache',
      });
      if (answer.status === 404 || answer.status === 410) return null;
      if (answer.status !== 200) throw unexpected(location, answer.status);
      return { bytes: answer.bytes, mark: answer.headers.get('etag') ?? '' };
    },
  };
}

/**
 * GET of at most `maxBytes`, from that very origin: a redirect elsewhere is refused, so that nobody who runs a catalogue
 * makes this machine call addresses of their choice. What may pass is tried again.
 * @throws HOST_UNREACHABLE, INTEGRITY
 */
export async function getBounded(url: string, maxBytes: number, headers: Record<string, string> = {}): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt === TRIES;
    try {
      const answer = await withProxies(() => getOnce(url, maxBytes, headers));
      if (last || (answer.status < 500 && answer.status !== 429)) return answer;
    } catch (error) {
      if (last || !(error instanceof ChpError && error.code === 'HOST_UNREACHABLE')) throw error;
    }
    await sleep(RETRY_MS * attempt);
  }
}

async function getOnce(url: string, maxBytes: number, headers: Record<string, string>): Promise<Answer> {
  const { origin } = new URL(url);
  let address = url;
  try {
    for (let hops = 0; hops < 4; hops++) {
      const response = await fetch(address, { headers, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS) });
      const to = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
      if (to === null)
        return { status: response.status, bytes: await bodyOf(response, url, maxBytes), headers: response.headers };
      await response.body?.cancel();
      address = new URL(to, address).href;
      if (new URL(address).origin !== origin)
        throw new ChpError('INTEGRITY', `${url} leads to another server: ${new URL(address).origin}`, {
          why: 'A catalogue is read from the address that was registered, and from nowhere else.',
        });
    }
  } catch (error) {
    if (error instanceof ChpError) throw error;
    const cause = (error as Error & { cause?: Error }).cause?.message ?? (error as Error).message;
    throw new ChpError('HOST_UNREACHABLE', `${origin} can't be reached`, { why: cause, cause: error });
  }
  throw new ChpError('INTEGRITY', `${url} leads in circles`);
}

async function bodyOf(response: Response, url: string, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    // Left here, the rest of the body is not read.
    if (size > maxBytes) throw tooLarge(new URL(url).origin, new URL(url).pathname, maxBytes);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** @returns HOST_UNREACHABLE */
export function unexpected(location: string, status: number): ChpError {
  return new ChpError('HOST_UNREACHABLE', `${location} answered ${status}`, {
    next:
      status === 401 || status === 403 ? ['Log in: npm login --registry URL (chp uses the token in ~/.npmrc).'] : [],
  });
}

let asking = 0;
let proxies: ReturnType<typeof useProxies> | undefined;

/** What is set holds for the process: so it is undone with the last of the requests. */
async function withProxies<T>(work: () => Promise<T>): Promise<T> {
  asking++;
  proxies ??= useProxies(process.env);
  try {
    await proxies;
    return await work();
  } finally {
    if (--asking === 0) {
      const set = proxies;
      proxies = undefined;
      (await set)();
    }
  }
}
