import { ChpError } from '../errors.ts';

/** So many, or such a share: `3`, `25%`. */
export type Amount = { count: number } | { percent: number };

/** @throws BAD_INPUT naming `what` */
export function parseAmount(text: string, what: string): Amount {
  const [, digits, percent] = /^(\d{1,6})(%?)$/.exec(text.trim()) ?? [];
  const value = Number(digits);
  if (digits !== undefined && !percent) return { count: value };
  if (digits !== undefined && value <= 100) return { percent: value };
  throw new ChpError('BAD_INPUT', `${what} is "${text}"; it must be a number, or a share such as 25%`);
}

/** How many of `total` that is at least: a share of a few tenants is one, not none. */
export const atLeast = (amount: Amount, total: number): number =>
  'count' in amount ? amount.count : Math.ceil((amount.percent * total) / 100);

/** How many of `total` that is at most: for what is tolerated. */
export const atMost = (amount: Amount, total: number): number =>
  'count' in amount ? amount.count : Math.floor((amount.percent * total) / 100);
