import { createSign } from 'node:crypto';
import { failure, failureOf, request } from '../../../core/http.ts';

const SERVICE = 'Google sign-in';
const SCOPE = 'https://www.googleapis.com/auth/calendar';
const GRANT_JWT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** A token this close to its end is not used any more. */
const MARGIN_MS = 60_000;
const TIMEOUT_MS = 15_000;

/** Who signs in: a person who once allowed it, or a service account. */
export type Credentials =
  | { clientId: string; clientSecret: string; refreshToken: string }
  | { email: string; privateKey: string; subject: string | undefined };

/** Access tokens, fetched when one is needed and kept until shortly before their end. */
export class Tokens {
  readonly #url: string;
  readonly #credentials: Credentials;
  #current: { token: string; until: number } | undefined;
  #pending: Promise<string> | undefined;

  constructor(url: string, credentials: Credentials) {
    this.#url = url;
    this.#credentials = credentials;
  }

  /** @throws VerbFailure `auth` when the grant is gone */
  get(): Promise<string> {
    if (this.#current && Date.now() < this.#current.until) return Promise.resolve(this.#current.token);
    // Not by the signal of one caller: others wait for the same token.
    this.#pending ??= this.#fetch(AbortSignal.timeout(TIMEOUT_MS)).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** The API did not take it. */
  drop(token: string): void {
    if (this.#current?.token === token) this.#current = undefined;
  }

  async #fetch(signal: AbortSignal): Promise<string> {
    const call = { service: SERVICE, method: 'POST', body: new URLSearchParams(this.#grant()), signal };
    const answer = await request(this.#url, call);
    const { access_token: token, expires_in: seconds, error, error_description: description } = answer.json ?? {};
    if (answer.status === 400 || answer.status === 401)
      throw failure(
        'auth',
        `${SERVICE} refused: ${String(error ?? answer.status)} ${String(description ?? '')}`.trim(),
      );
    if (answer.status !== 200) throw failureOf(call, answer, String(error ?? ''));
    if (typeof token !== 'string') throw failure('unavailable', `${SERVICE} gave no token`);
    const lasts = typeof seconds === 'number' ? seconds * 1000 : 3_600_000;
    this.#current = { token, until: Date.now() + Math.max(0, lasts - MARGIN_MS) };
    return token;
  }

  #grant(): Record<string, string> {
    const who = this.#credentials;
    if ('refreshToken' in who)
      return {
        grant_type: 'refresh_token',
        client_id: who.clientId,
        client_secret: who.clientSecret,
        refresh_token: who.refreshToken,
      };
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: who.email,
      scope: SCOPE,
      aud: this.#url,
      iat: now,
      exp: now + 3600,
      ...(who.subject === undefined ? {} : { sub: who.subject }),
    };
    const unsigned = [{ alg: 'RS256', typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return { grant_type: GRANT_JWT, assertion: `${unsigned}.${signed(unsigned, who.privateKey)}` };
  }
}

function signed(text: string, privateKey: string): string {
  try {
    return createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url');
  } catch {
    // What the library says may quote the key.
    throw failure('auth', "the service account's private key can't be read");
  }
}
