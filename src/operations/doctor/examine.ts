import type { DoctorCheck, DoctorFix } from '../../core/doctor.ts';
import { ChpError } from '../../core/errors.ts';
import type { Check, Finding, FixText, ReadingName, Readings, Subject } from './check.ts';

/** How a reading ended. `root`: the reading that is to blame, where it is not itself. */
export type Outcome =
  | { state: 'ok'; value: unknown }
  | { state: 'skipped'; why: string }
  | { state: 'failed'; why: string; root?: ReadingName; next?: readonly string[] };

/** Where a reading comes from. Asked once; must not throw, and must end. */
export type Source = (name: ReadingName) => Promise<Outcome>;

/** A reading that is made here, given up after `limitMs`. */
export async function readInTime(limitMs: number, read: () => Promise<unknown>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ state: 'failed', why: `no answer within ${limitMs / 1000} s` }), limitMs);
  });
  try {
    return await Promise.race([read().then((value): Outcome => ({ state: 'ok', value })), late]);
  } catch (error) {
    const { message, why = null, next = [] } = error instanceof ChpError ? error : { message: String(error) };
    return { state: 'failed', why: why ? `${message}: ${why}` : message, next };
  } finally {
    clearTimeout(timer);
  }
}

/** Judges all of `checks`, each as soon as what it needs is there. @returns them in the order of the table */
export async function examine(
  checks: readonly Check[],
  source: Source,
  subject: Subject,
  onCheck: (check: DoctorCheck) => void,
): Promise<DoctorCheck[]> {
  const started = performance.now();
  const read = new Map<ReadingName, Promise<Outcome>>();
  const reading = (name: ReadingName): Promise<Outcome> => {
    const known = read.get(name) ?? source(name);
    read.set(name, known);
    return known;
  };
  const owned = new Set(checks.flatMap(({ owns }) => owns));
  const judged = checks.map(async (check) => {
    const outcomes = await Promise.all(check.needs.map(async (name) => [name, await reading(name)] as const));
    const ms = Math.round(performance.now() - started);
    return findingsOf(check, outcomes, owned, subject).map((finding) => {
      const made = asResult(check, finding, subject, ms);
      onCheck(made);
      return made;
    });
  });
  return (await Promise.all(judged)).flat();
}

function findingsOf(
  check: Check,
  outcomes: readonly (readonly [ReadingName, Outcome])[],
  owned: ReadonlySet<ReadingName>,
  subject: Subject,
): readonly Finding[] {
  for (const [name, outcome] of outcomes) {
    if (outcome.state === 'ok') continue;
    if (outcome.state === 'skipped') return [{ verdict: 'skipped', detail: outcome.why }];
    const { root = name, why, next } = outcome;
    // Told by the check that it is about; where that one was not asked for, it must not go untold.
    if (!check.owns.includes(root) && owned.has(root)) return [{ verdict: 'skipped', detail: why }];
    return [{ verdict: 'fail', detail: why, fix: fixFrom(next) }];
  }
  const readings = Object.fromEntries(outcomes.map(([name, outcome]) => [name, 'value' in outcome && outcome.value]));
  try {
    const found = check.judge(readings as unknown as Readings, subject);
    return Array.isArray(found) ? found : [found as Finding];
  } catch (error) {
    // What came from a host is not what it should be: that is a finding, too.
    return [{ verdict: 'fail', detail: `what was read can't be judged: ${(error as Error).message}` }];
  }
}

/** What an error says to do. */
export function fixFrom(next: readonly string[] | undefined): Partial<DoctorFix> | undefined {
  if (!next || next.length === 0) return undefined;
  // A command line, and no sentence that speaks of one.
  const command = next.flatMap((one) => /(?:^|: )(chp [a-z].*[^.])$/.exec(one)?.[1] ?? [])[0];
  return { text: next.join(' '), ...(command ? { command } : {}) };
}

function asResult(check: Check, finding: Finding, { tenant }: Subject, ms: number): DoctorCheck {
  const { id, group, title } = check;
  const found = typeof finding === 'string' ? { verdict: 'pass' as const, detail: finding } : finding;
  const of = ('of' in found && found.of) || null;
  const bad = found.verdict === 'fail' || found.verdict === 'warn';
  const fix = bad ? { ...filled(check.fix, tenant, of), ...('fix' in found ? found.fix : {}) } : null;
  return { id, group, title, of, verdict: found.verdict, detail: found.detail, fix, ms };
}

function filled({ text, command, automatic }: FixText, tenant: string, of: string | null): DoctorFix {
  const fill = (words: string): string => words.replaceAll('TENANT', tenant).replaceAll('OF', of ?? 'NAME');
  return { text: fill(text), command: command ? fill(command) : null, automatic: automatic ?? null };
}
