import type { Environment } from '@marcbachmann/cel-js';
import { addDays, localParts, startOfDay, timeOnDay } from '../time.ts';
import { ExpressionError, LIMITS } from './limits.ts';

type Time = Date;
const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';

/** A function of the expression language that chp adds to CEL’s own. */
interface AddedFunction {
  signature: string;
  does: string;
  handler: (...args: never[]) => unknown;
}

const ADDED: readonly AddedFunction[] = [
  { signature: `string(${TIMESTAMP}): string`, does: 'ISO 8601, UTC.', handler: (time: Time) => time.toISOString() },
  { signature: `string(${DURATION}): string`, does: 'Such as `90s`.', handler: String },
  {
    signature: `local(${TIMESTAMP}, string): map<string, dyn>`,
    does: 'A time in a zone: `date` (2026-11-25), `time` (06:55), `weekday` (wednesday), `year`, `month`, `day`, `hour`, `minute`.',
    handler: (time: Time, zone: string) => localParts(time.getTime(), zone),
  },
  {
    signature: `dayStart(${TIMESTAMP}, int, string): ${TIMESTAMP}`,
    does: 'Begin of the day in a zone, so many days later (0: the same day).',
    handler: (time: Time, days: bigint, zone: string) =>
      new Date(startOfDay(addDays(time.getTime(), Number(days), zone), zone)),
  },
  {
    signature: `timeOn(${TIMESTAMP}, int, string, string): ${TIMESTAMP}`,
    does: 'That time of day (`06:55`) in a zone, so many days later.',
    handler: (time: Time, days: bigint, clock: string, zone: string) =>
      new Date(timeOnDay(addDays(time.getTime(), Number(days), zone), clock, zone)),
  },
  { signature: 'sum(list): double', does: 'Sum of numbers.', handler: (list: unknown[]) => total(list) },
  { signature: 'min(list): dyn', does: 'Least number; null of an empty list.', handler: least((a, b) => a < b) },
  { signature: 'max(list): dyn', does: 'Greatest number; null of an empty list.', handler: least((a, b) => a > b) },
  {
    signature: 'round(double, int): double',
    does: 'To so many decimals.',
    handler: (value: number, digits: bigint) => Number(value.toFixed(Math.min(10, Math.max(0, Number(digits))))),
  },
  { signature: 'round(int, int): int', does: 'The number itself.', handler: (value: bigint) => value },
  {
    signature: 'flatten(list): list<dyn>',
    does: 'Lists of a list as one.',
    handler: (list: unknown[]) => capped(list.flat()),
  },
  {
    signature: 'distinct(list): list<dyn>',
    does: 'Each text or number once.',
    handler: (list: unknown[]) => [...new Set(capped(list))],
  },
  {
    signature: 'json(dyn): string',
    does: 'As JSON.',
    handler: (value: unknown) =>
      JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? Number(inner) : inner)),
  },
];

/** CEL’s own functions that are allowed: none that takes a pattern, decodes, or binds. */
export const CEL_FUNCTIONS = [
  'size',
  'string',
  'int',
  'double',
  'bool',
  'timestamp',
  'duration',
  'has',
  'startsWith',
  'endsWith',
  'contains',
  'lowerAscii',
  'upperAscii',
  'trim',
  'indexOf',
  'lastIndexOf',
  'substring',
  'split',
  'join',
  'hasValue',
  'value',
  'or',
  'orValue',
  'getHours',
  'getMinutes',
  'getSeconds',
  'getMilliseconds',
] as const;

/** Macros that go through a list; none inside another. */
export const MACROS = ['all', 'exists', 'exists_one', 'map', 'filter'] as const;

/** For the reference. */
export const ADDED_FUNCTIONS = ADDED.map(({ signature, does }) => ({
  signature: signature
    .replaceAll('google.protobuf.', '')
    .replaceAll('Timestamp', 'timestamp')
    .replaceAll('Duration', 'duration'),
  does,
}));

export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set([
  ...CEL_FUNCTIONS,
  ...MACROS,
  ...ADDED.map(({ signature }) => signature.slice(0, signature.indexOf('('))),
]);

export function registerFunctions(environment: Environment): void {
  for (const { signature, handler } of ADDED)
    environment.registerFunction(signature, handler as (...args: unknown[]) => unknown, { async: false } as object);
  const mixed: Record<string, (a: number, b: number) => number> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '%': (a, b) => a % b,
  };
  for (const [operator, apply] of Object.entries(mixed)) {
    const handler = (a: unknown, b: unknown): number => apply(Number(a), Number(b));
    environment.registerOperator(`double ${operator} int: double`, handler);
    environment.registerOperator(`int ${operator} double: double`, handler);
  }
  environment.registerOperator('double % double: double', (a: number, b: number) => a % b);
}

function capped(list: unknown[]): unknown[] {
  if (list.length > LIMITS.list) throw new ExpressionError(`it makes a list of more than ${LIMITS.list} elements`);
  return list;
}

function numbers(list: unknown[]): number[] {
  return capped(list).map((value) => {
    if (typeof value !== 'number' && typeof value !== 'bigint')
      throw new ExpressionError('not all elements are numbers');
    return Number(value);
  });
}

const total = (list: unknown[]): number => numbers(list).reduce((sum, value) => sum + value, 0);

function least(better: (a: number, b: number) => boolean) {
  return (list: unknown[]): number | null =>
    numbers(list).reduce<number | null>((best, value) => (best === null || better(value, best) ? value : best), null);
}
