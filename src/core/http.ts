import { VerbFailure } from './ports/automation.ts';
import { redactor } from './redact.ts';

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_REASON = 300;

/** Codes of errors that come before a request is on its way: nothing has happened on the other side. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

export interface HttpCall {
  /** As people say it: `Google Calendar`. */
  service: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | URLSearchParams;
  signal: AbortSignal;
  timeoutMs?: number;
  /** Asking again could do it twice: then a lost answer is `in-doubt`, not `unavailable`. */
  once?: boolean;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** null when the body is not a JSON object. */
  json: Record<string, unknown> | null;
}

/** One request; every status is an answer. Proxies are those of the process. @throws VerbFailure when no answer came */
export async function request(url: string | URL, call: HttpCall): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: call.method ?? 'GET',
      headers: { accept: 'application/json', ...call.headers },
      body: call.body ?? null,
      signal: AbortSignal.any([call.signal, deadline]),
      // A redirect could carry what we send to somebody else.
      redirect: 'error',
    });
    const text = await bodyOf(response);
    return { status: response.status, headers: response.headers, text, json: jsonOf(text) };
  } catch (error) {
    throw noAnswer(call, error, deadline.aborted);
  }
}

/** What a status that is no success means. `reason`: in the other side's words. */
export function failureOf(
  call: Pick<HttpCall, 'service' | 'once'>,
  answer: { status: number; headers: Headers },
  reason: string,
): VerbFailure {
  const { status } = answer;
  const said = reason.trim().replace(/\s+/g, ' ').slice(0, MAX_REASON);
  const message = `${call.service} answered ${status}${said ? `: ${said}` : ''}`;
  if (status === 401 || status === 403) return failure('auth', message);
  if (status === 404 || status === 410) return failure('not-found', message);
  if (status === 429) return rateLimited(message, answer.headers);
  // 503 is said before anything is done; behind other server errors it may have been.
  if (status >= 500) return failure(call.once && status !== 503 ? 'in-doubt' : 'unavailable', message, answer.headers);
  if (status === 408) return failure(call.once ? 'in-doubt' : 'unavailable', message);
  return failure('refused', message);
}

export function rateLimited(message: string, headers: Headers): VerbFailure {
  return failure('rate-limited', message, headers);
}

/** The one way to make a failure here: no secret is in its text, and no cause that could hold one hangs on it. */
export function failure(kind: VerbFailure['kind'], message: string, headers?: Headers): VerbFailure {
  const after = headers ? retryAfterMs(headers) : undefined;
  return new VerbFailure(kind, redactor.text(message), after === undefined ? {} : { retryAfterMs: after });
}

/** Seconds or a date (RFC 9110), as milliseconds from now. */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** A failure as it is; anything else is no answer. */
export function noAnswer(call: Pick<HttpCall, 'service' | 'once'>, error: unknown, timedOut = false): VerbFailure {
  if (error instanceof VerbFailure) return error;
  const code = codeOf(error);
  const why = timedOut ? 'in time' : `(${code ?? (error instanceof Error ? error.name : 'unknown error')})`;
  const kind = call.once && !(code && NOT_SENT.has(code)) ? 'in-doubt' : 'unavailable';
  return failure(kind, `${call.service} did not answer ${why}`);
}

function codeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at && typeof at === 'object' && depth < 4; depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if ('errors' in at && Array.isArray(at.errors) && at.errors.length > 0) at = at.errors[0];
    else at = 'cause' in at ? at.cause : undefined;
  }
  return undefined;
}

async function bodyOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new VerbFailure('refused', `an answer of over ${MAX_BYTES >> 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): HttpAnswer['json'] {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
