import { failure, failureOf, type HttpAnswer, rateLimited, request } from '../../../core/http.ts';
import type { Tokens } from './tokens.ts';

const SERVICE = 'Google Calendar';
/** 403 is also how quotas are said (developers.google.com/workspace/calendar/api/guides/errors). */
const QUOTA_REASONS = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'dailyLimitExceeded']);

export interface GoogleCall {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** Refused (412) when the thing has another ETag by now. */
  etag?: string;
  /** Statuses that are answers, not failures. */
  expect?: readonly number[];
  signal: AbortSignal;
}

/** The REST API, version 3: signs in, and once more when the token is not taken. */
export class GoogleApi {
  readonly #base: string;
  readonly #tokens: Tokens;

  constructor(base: string, tokens: Tokens) {
    this.#base = base;
    this.#tokens = tokens;
  }

  /** `path` below the version, its parts encoded. @throws VerbFailure */
  async call(path: string, call: GoogleCall): Promise<HttpAnswer> {
    const url = new URL(this.#base + path);
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    for (let attempt = 1; ; attempt++) {
      const token = await this.#tokens.get();
      const answer = await request(url, {
        service: SERVICE,
        method: call.method ?? 'GET',
        headers: {
          authorization: `Bearer ${token}`,
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(call.etag === undefined ? {} : { 'if-match': call.etag }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal: call.signal,
      });
      if (answer.status < 300 || call.expect?.includes(answer.status)) return answer;
      if (answer.status === 401 && attempt === 1) {
        this.#tokens.drop(token);
        continue;
      }
      throw refusal(answer, token);
    }
  }

  /** All pages of a list, until there are `max` items. */
  async list(path: string, call: GoogleCall, max: number): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let pageToken: string | undefined;
    do {
      const { json } = await this.call(path, {
        ...call,
        query: { ...call.query, maxResults: Math.min(250, max - items.length), pageToken },
      });
      if (!json) throw failure('unavailable', `${SERVICE} answered no JSON`);
      if (Array.isArray(json.items)) items.push(...json.items);
      pageToken = typeof json.nextPageToken === 'string' ? json.nextPageToken : undefined;
    } while (pageToken !== undefined && items.length < max);
    return items.slice(0, max);
  }
}

function refusal(answer: HttpAnswer, token: string) {
  const error = (answer.json?.error ?? {}) as { message?: unknown; errors?: { reason?: unknown }[] };
  const reason = String(error.errors?.[0]?.reason ?? '');
  const said = `${String(error.message ?? '')} ${reason ? `(${reason})` : ''}`.replaceAll(token, '[hidden]');
  if (answer.status === 403 && QUOTA_REASONS.has(reason))
    return rateLimited(`${SERVICE} answered 403: ${said.trim()}`, answer.headers);
  return failureOf({ service: SERVICE }, answer, said);
}
