import { ChpError } from '../../core/errors.ts';

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90m`, `24h`, `7d` before `now`, or a date. Pure. @throws BAD_INPUT */
export function sinceWhen(text: string, now: Date): Date {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  const at = count === undefined ? date : now.getTime() - Number(count) * (UNITS[unit] ?? 0);
  if (Number.isFinite(at) && at <= now.getTime()) return new Date(at);
  throw new ChpError('BAD_INPUT', `"${text}" is no time in the past`, { next: ['Write 90m, 24h, 7d, or 2026-11-24.'] });
}
