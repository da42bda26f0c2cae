import { Cron } from 'croner';
import { checkExpression } from '../../expressions/check.ts';
import { hasExpression, parseTemplate, wholeExpression } from '../../expressions/template.ts';
import type { PackDocument, PackTrigger } from '../../schema.ts';
import { gapsOf, isTimeZone } from '../../time.ts';
import type { Finding, LintRule } from '../rule.ts';

/** Where nothing else is said: years of which every zone’s rules are known, a leap year among them. */
const FROM = Date.UTC(2026, 0, 1);
const YEARS = 6;

export const schedule: LintRule = {
  name: 'schedule',
  about: 'A schedule is valid and fires; one in the hour that a change of the clocks skips is pointed out.',
  check: ({ document }) =>
    document.triggers.flatMap((trigger, index): Finding[] => {
      const path = ['triggers', index];
      const zone = trigger.timezone;
      if (zone !== undefined && !isTimeZone(zone))
        return [{ path: [...path, 'timezone'], message: `"${zone}" is no IANA time zone, such as Europe/Berlin` }];
      if (trigger.schedule === undefined) return [];
      const at = [...path, 'schedule'];
      return (hasExpression(trigger.schedule) ? ofInput(trigger, document) : ofCron(trigger.schedule, zone)).map(
        (one) => ({
          ...one,
          path: at,
        }),
      );
    }),
};

function ofCron(cron: string, zone: string | undefined): Finding[] {
  let parsed: Cron;
  try {
    parsed = new Cron(cron, { timezone: 'UTC', paused: true, mode: '5-part' });
  } catch (error) {
    return [{ message: `"${cron}" is no five-field cron: ${(error as Error).message.replace(/^CronPattern: /, '')}` }];
  }
  const first = parsed.nextRun(new Date(FROM));
  if (!first || first.getUTCFullYear() > 2026 + YEARS)
    return [{ message: `"${cron}" never fires: there is no such day` }];
  const [minutes = '', hours = '', , , weekdays] = cron.trim().split(/\s+/);
  if (!/^\d+$/.test(minutes) || !/^\d+$/.test(hours) || (weekdays !== '*' && !/0|7|SUN/i.test(weekdays ?? '')))
    return [];
  return inGap(Number(hours) * 60 + Number(minutes), zone);
}

/** `${{ inputs.X }}` of an input that holds a time; anything else is only known when it runs. */
function ofInput({ schedule = '', timezone, ...trigger }: PackTrigger, { inputs = {} }: PackDocument): Finding[] {
  const whole = attempt(() => wholeExpression(parseTemplate(schedule)));
  if (whole === undefined) return [];
  if (whole === null) return [{ message: 'a schedule is a cron, or one expression and nothing else' }];
  const [, name = ''] = /^inputs\.(\w+)$/.exec(whole.source) ?? [];
  const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (!input) {
    const scope = {
      inputs: Object.keys(inputs),
      steps: [],
      later: [],
      variables: new Set(['inputs', 'item'] as const),
    };
    const known = checkExpression(whole.source, scope).problems.length > 0 || trigger['for-each'] !== undefined;
    return known ? [] : [{ message: 'a schedule is a cron or `${{ inputs.NAME }}`; of `item` only with `for-each`' }];
  }
  if (input.type !== 'time') return [{ message: `the input "${name}" is a ${input.type}; a schedule needs a time` }];
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(String(input.default ?? '')) ?? [];
  return hour === undefined ? [] : inGap(Number(hour) * 60 + Number(minute), timezone);
}

/** A time of day that a night in spring does not have. Without a zone: the hours that some zones skip. */
function inGap(minute: number, zone: string | undefined): Finding[] {
  const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  if (zone === undefined)
    return minute >= 60 && minute < 180
      ? [
          {
            message: `${clock} does not exist in the night in which most zones set their clocks forward: it would not fire then`,
            severity: 'warning',
          },
        ]
      : [];
  const gap = gapsOf(zone, FROM, FROM + YEARS * 366 * 86_400_000).find(({ from, to }) => minute >= from && minute < to);
  return gap
    ? [{ message: `${clock} does not exist in ${zone} on ${gap.date}: it would not fire then`, severity: 'warning' }]
    : [];
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
