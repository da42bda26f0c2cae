import type { PackInput } from './schema.ts';
import { DURATION_PATTERN, PHONE_PATTERN } from './types.ts';

export interface InputProblem {
  input: string;
  message: string;
}

const DATE = /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/;
const TIME = /^([01][0-9]|2[0-3]):[0-5][0-9]$/;
const MONEY = /^(-?[0-9]{1,9}(?:\.[0-9]{1,4})?) ([A-Z]{3})$/;
const ENTITY = /^[a-z_]{2,40}\.[a-z0-9_]{1,120}$/;

/**
 * What a run sees as `inputs`: the tenant’s values over the defaults, each of its type. An optional one without a value
 * is null. Money is `{amount, currency}`, written `12.50 EUR`.
 * @param members ids of the tenant’s members; null: members are not known yet, and not looked up
 */
export function resolveInputs(
  declared: Readonly<Record<string, PackInput>>,
  given: Readonly<Record<string, unknown>>,
  members: readonly string[] | null,
): { inputs: Record<string, unknown>; problems: InputProblem[] } {
  const problems: InputProblem[] = Object.keys(given)
    .filter((name) => !Object.hasOwn(declared, name))
    .map((input) => ({ input, message: `the pack has no input "${input}"` }));
  const inputs: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(declared)) {
    const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? input.default;
    if (value === undefined || value === null) {
      if (!input.optional) problems.push({ input: name, message: `"${name}" needs a value: ${input.description}` });
      inputs[name] = null;
      continue;
    }
    const read = readInput(input, value, members);
    if ('wrong' in read) problems.push({ input: name, message: `"${name}" ${read.wrong}` });
    else inputs[name] = read.value;
  }
  return { inputs, problems };
}

type Read = { value: unknown } | { wrong: string };

/** One value by its declaration. */
export function readInput(input: PackInput, value: unknown, members: readonly string[] | null): Read {
  switch (input.type) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
        ? within(input, value, value)
        : wrong('must be a number');
    case 'boolean':
      return typeof value === 'boolean' ? { value } : wrong('must be true or false');
    case 'money':
      return money(input, value);
    case 'list':
      return textList(value) ? { value } : wrong('must be a list of texts');
    case 'members': {
      if (!textList(value)) return wrong('must be a list of member ids');
      const unknown = value.find((id) => !isMember(id, members));
      return unknown === undefined ? { value } : wrong(`names "${unknown}", who is no member`);
    }
    case 'member':
      return typeof value === 'string' && isMember(value, members)
        ? { value }
        : wrong(typeof value === 'string' ? `names "${value}", who is no member` : 'must be a member id');
    default:
      return typeof value === 'string' && value.length <= 4000 ? text(input, value) : wrong('must be a text');
  }
}

function text(input: PackInput, value: string): Read {
  const form = (matches: boolean, words: string): Read => (matches ? { value } : wrong(words));
  switch (input.type) {
    case 'choice':
      return form(input.options?.includes(value) ?? false, `must be one of ${(input.options ?? []).join(', ')}`);
    case 'time':
      return form(TIME.test(value), 'must be a time of day, such as "06:55"');
    case 'date':
      return form(DATE.test(value), 'must be a date, such as "2026-11-25"');
    case 'duration':
      return form(new RegExp(DURATION_PATTERN).test(value), 'must be a duration, such as 30s or 10m');
    case 'phone':
      return form(
        new RegExp(PHONE_PATTERN).test(value),
        'must be a number in international form, such as "+4915112345678"',
      );
    case 'device':
      return form(ENTITY.test(value), 'must be an entity id, such as lock.front_door');
    case 'url':
      return form(URL.canParse(value) && /^https?:/.test(value), 'must be an http or https address');
    default:
      return { value };
  }
}

function money(input: PackInput, value: unknown): Read {
  const [, amount, currency] = typeof value === 'string' ? (MONEY.exec(value) ?? []) : [];
  const written = value as { amount?: unknown; currency?: unknown } | null;
  if (amount !== undefined) return within(input, Number(amount), { amount: Number(amount), currency });
  if (typeof written === 'object' && typeof written?.amount === 'number' && /^[A-Z]{3}$/.test(String(written.currency)))
    return within(input, written.amount, { amount: written.amount, currency: written.currency });
  return wrong('must be an amount with its currency, such as "12.50 EUR"');
}

function within({ min, max }: PackInput, amount: number, value: unknown): Read {
  if (min !== undefined && amount < min) return wrong(`must be at least ${min}`);
  if (max !== undefined && amount > max) return wrong(`must be at most ${max}`);
  return { value };
}

const wrong = (words: string): Read => ({ wrong: words });
const isMember = (id: string, members: readonly string[] | null): boolean => members === null || members.includes(id);
const textList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= 200 && value.every((inner) => typeof inner === 'string');
