import { createVerify, randomBytes } from 'node:crypto';
import type { Answer, Asked } from './server.ts';

export interface GoogleAccounts {
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  serviceAccount?: { email: string; publicKey: string };
  /** What a service account's token must be for. */
  audience: () => string;
  tokenSeconds: number;
}

/** Google's token endpoint (developers.google.com/identity/protocols/oauth2): refresh tokens and service accounts. */
export class GoogleAuth {
  readonly #accounts: GoogleAccounts;
  readonly #tokens = new Map<string, number>();

  constructor(accounts: GoogleAccounts) {
    this.#accounts = accounts;
  }

  token(asked: Asked): Answer {
    if (asked.method !== 'POST') return { status: 404, body: 'Not Found' };
    if (!asked.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
      return refuse(400, 'invalid_request', 'Missing required parameter: grant_type');
    const form = new URLSearchParams(asked.body);
    switch (form.get('grant_type')) {
      case 'refresh_token':
        return this.#refresh(form);
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer':
        return this.#jwt(form.get('assertion') ?? '');
      default:
        return refuse(400, 'unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type')}`);
    }
  }

  valid(token: string | null): boolean {
    return token !== null && (this.#tokens.get(token) ?? 0) > Date.now();
  }

  /** As after a change of password: every token so far is refused. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  #refresh(form: URLSearchParams): Answer {
    const { clientId, clientSecret, refreshToken } = this.#accounts;
    if (form.get('client_id') !== clientId) return refuse(401, 'invalid_client', 'The OAuth client was not found.');
    if (form.get('client_secret') !== clientSecret) return refuse(401, 'invalid_client', 'Unauthorized');
    if (form.get('refresh_token') !== refreshToken)
      return refuse(400, 'invalid_grant', 'Token has been expired or revoked.');
    return this.#give();
  }

  #jwt(assertion: string): Answer {
    const { serviceAccount, audience } = this.#accounts;
    const [header = '', payload = '', signature = ''] = assertion.split('.');
    let claims: Record<string, unknown>;
    try {
      if (JSON.parse(Buffer.from(header, 'base64url').toString()).alg !== 'RS256') throw new Error('alg');
      claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    } catch {
      return refuse(400, 'invalid_grant', 'Invalid JWT: Failed to parse.');
    }
    if (!serviceAccount || claims.iss !== serviceAccount.email)
      return refuse(400, 'invalid_grant', 'Invalid grant: account not found');
    const verify = createVerify('RSA-SHA256').update(`${header}.${payload}`);
    if (!verify.verify(serviceAccount.publicKey, signature, 'base64url'))
      return refuse(400, 'invalid_grant', 'Invalid JWT Signature.');
    const now = Date.now() / 1000;
    const [issued, ends] = [Number(claims.iat), Number(claims.exp)];
    if (!(ends > now && ends - issued <= 3600 && issued <= now + 300))
      return refuse(400, 'invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes)');
    if (claims.aud !== audience()) return refuse(400, 'invalid_grant', 'Invalid JWT: Failed audience check.');
    if (!String(claims.scope ?? '').includes('auth/calendar'))
      return refuse(400, 'invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
    return this.#give();
  }

  #give(): Answer {
    const token = `ya29.${randomBytes(24).toString('base64url')}`;
    this.#tokens.set(token, Date.now() + this.#accounts.tokenSeconds * 1000);
    return {
      status: 200,
      body: {
        access_token: token,
        expires_in: this.#accounts.tokenSeconds,
        scope: 'https://www.googleapis.com/auth/calendar',
        token_type: 'Bearer',
      },
    };
  }
}

const refuse = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
});
