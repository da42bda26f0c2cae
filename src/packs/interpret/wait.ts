import { renderText } from '../expressions/evaluate.ts';
import type { PackStep } from '../schema.ts';
import { durationMs, nextTimeOfDay, startOfDay } from '../time.ts';
import { StepFailure } from './failure.ts';
import { contextOf, type Frame, iso, type Running } from './state.ts';

/** The longest a run may stand still. */
export const MAX_WAIT_MS = 366 * 86_400_000;
const CLOCK = /^([01][0-9]|2[0-3]):[0-5][0-9]$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

/** Waits for a duration, or until a time; one that is over is not waited for. @returns the output of the step */
export async function wait(
  running: Running,
  { for: length, until }: NonNullable<PackStep['wait']>,
  frame: Frame,
): Promise<{ until: string }> {
  const context = contextOf(running, frame);
  const now = running.ports.now();
  const end =
    length === undefined
      ? timeOf(renderText(until ?? '', context), now, running.input.tenant.timezone)
      : now + lengthOf(renderText(length, context));
  if (end - now > MAX_WAIT_MS) throw new StepFailure('refused', 'it would wait for more than a year');
  if (end > now && !running.input.dryRun) await running.ports.sleep(end - now);
  return { until: iso(end) };
}

function lengthOf(value: unknown): number {
  const ms = typeof value === 'string' ? durationMs(value) : null;
  if (ms === null) throw new StepFailure('needs-info', `${JSON.stringify(value)} is no duration, such as 30s or 10m`);
  return ms;
}

/** A time of day is the next one in the tenant’s zone; a date is its begin there. */
function timeOf(value: unknown, now: number, zone: string): number {
  const text = typeof value === 'string' ? value : '';
  if (CLOCK.test(text)) return nextTimeOfDay(now, text, zone);
  const ms = DATE.test(text)
    ? dateStart(text, zone)
    : /T.*(Z|[+-]\d\d:\d\d)$/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Number.isNaN(ms))
    throw new StepFailure(
      'needs-info',
      `${JSON.stringify(value)} is no time, such as 06:55 or 2026-11-25T06:55:00+01:00`,
    );
  return ms;
}

function dateStart(date: string, zone: string): number {
  const noon = Date.parse(`${date}T12:00:00Z`);
  return Number.isNaN(noon) ? noon : startOfDay(noon, zone);
}
