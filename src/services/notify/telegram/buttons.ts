import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { KeptEnvelope } from '../envelopes.ts';

export type Verdict = 'approve' | 'deny' | 'acknowledge';
const LETTERS: Record<Verdict, string> = { approve: 'a', deny: 'd', acknowledge: 'k' };
const DATA = /^c:([adk]):([0-9a-z]{1,11}):([\w-]{16})$/;

/**
 * What a button carries: Telegram gives it 64 bytes and hands it back as it was. The signature keeps anybody who can
 * call the bot's API as a user from making up answers; who pressed is said by Telegram itself.
 */
export class Buttons {
  readonly #key: Buffer;

  constructor(token: string, tenant: string) {
    this.#key = createHash('sha256').update(`chp/buttons/${tenant}/${token}`).digest();
  }

  of(envelope: KeptEnvelope): { text: string; callback_data: string }[][] {
    const button = (text: string, verdict: Verdict) => ({ text, callback_data: this.#data(envelope, verdict) });
    if (envelope.kind === 'acknowledge') return [[button('I take it', 'acknowledge')]];
    return [[button('Approve', 'approve'), button('Deny', 'deny')]];
  }

  /** null: not one of ours, or of another tenant that shares the bot. */
  read(
    data: string,
    find: (number: number) => KeptEnvelope | null,
  ): { envelope: KeptEnvelope; verdict: Verdict } | null {
    const [, letter, number = ''] = DATA.exec(data) ?? [];
    const verdict = (Object.keys(LETTERS) as Verdict[]).find((one) => LETTERS[one] === letter);
    const envelope = verdict && find(Number.parseInt(number, 36));
    if (!envelope) return null;
    const [given, right] = [Buffer.from(data), Buffer.from(this.#data(envelope, verdict))];
    return given.length === right.length && timingSafeEqual(given, right) ? { envelope, verdict } : null;
  }

  #data({ id, number }: KeptEnvelope, verdict: Verdict): string {
    const head = `c:${LETTERS[verdict]}:${number.toString(36)}`;
    const signature = createHmac('sha256', this.#key).update(`${head}\n${id}`).digest('base64url').slice(0, 16);
    return `${head}:${signature}`;
  }
}
