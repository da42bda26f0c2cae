import { type ApiClientOptions, Bot, GrammyError, HttpError } from 'grammy';
import { VerbFailure } from '../../../core/ports/automation.ts';
import { redactor } from '../../../core/redact.ts';

/** grammY over the process's own fetch, which knows its proxies. */
export function botOf(token: string, apiUrl: string | undefined): Bot {
  const client: ApiClientOptions = {
    // Its AbortSignal is not the platform's, which takes no other.
    fetch: ((url: string, init: RequestInit) => {
      const controller = new AbortController();
      const theirs = init.signal as AbortSignal | undefined;
      if (theirs?.aborted) controller.abort();
      else theirs?.addEventListener('abort', () => controller.abort());
      return fetch(url, { ...init, signal: controller.signal });
    }) as never,
    baseFetchConfig: {},
    timeoutSeconds: 60,
    ...(apiUrl === undefined ? {} : { apiRoot: apiUrl.replace(/\/+$/, '') }),
  };
  return new Bot(token, { client });
}

/** What an error of the Bot API means. */
export function failureOf(error: unknown): VerbFailure {
  if (error instanceof VerbFailure) return error;
  if (!(error instanceof GrammyError)) {
    const why = error instanceof HttpError ? error.message : String(error);
    return new VerbFailure('unavailable', redactor.text(`Telegram did not answer: ${why}`));
  }
  const { error_code: code, description, parameters } = error;
  const message = redactor.text(`Telegram answered ${code}: ${description}`);
  // A token that is none has no address at all.
  if (code === 401 || (code === 404 && description === 'Not Found')) return new VerbFailure('auth', message);
  if (code === 429) {
    const seconds = parameters.retry_after;
    return new VerbFailure('rate-limited', message, seconds === undefined ? {} : { retryAfterMs: seconds * 1000 });
  }
  if (code >= 500) return new VerbFailure('unavailable', message);
  return new VerbFailure(/chat not found|user not found/i.test(description) ? 'not-found' : 'refused', message);
}
