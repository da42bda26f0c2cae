import chalk from 'chalk';
import { AUTOMATIC_FIXES, DOCTOR_GROUPS, type DoctorCheck, type DoctorReport } from '../core/doctor.ts';
import type { Diagnosis } from '../operations/doctor/diagnose.ts';
import type { DoctorResult } from '../operations/doctor/doctor.ts';
import type { PlannedFix } from '../operations/doctor/planned-fixes.ts';

const SIGN: Record<DoctorCheck['verdict'], string> = {
  pass: chalk.green('✓'),
  warn: chalk.yellow('!'),
  fail: chalk.red('✗'),
  skipped: chalk.dim('-'),
};

/** One check as it comes. What is wrong brings its fix along; what was skipped is told at the end. null = nothing to say */
export function presentCheck(check: DoctorCheck, tenant: string | null, onlyBad: boolean): string | null {
  const { group, title, of, verdict, detail, fix } = check;
  if (verdict === 'skipped' || (onlyBad && verdict === 'pass')) return null;
  const whose = tenant === null ? '' : `${tenant} · `;
  const line = `${SIGN[verdict]} ${whose}${DOCTOR_GROUPS[group]}: ${title}${of ? ` ${chalk.bold(of)}` : ''}: ${detail}`;
  const id = chalk.dim(`    ${check.id}`);
  const lines = fix ? [`    fix: ${fix.text}`, ...(fix.command ? [chalk.cyan(`    $ ${fix.command}`)] : []), id] : [];
  return [line, ...lines].join('\n');
}

/** The end: what was not checked and why, what was mended, the sum. */
export function presentDiagnosis(result: Diagnosis & Partial<Pick<DoctorResult, 'fixes' | 'bundle'>>): string {
  const { reports, sum, fixes = [], bundle } = result;
  const mended = fixes.map(
    ({ fix, tenant, detail, done }) =>
      `${done ? SIGN.pass : SIGN.fail} ${tenant ?? 'this machine'}: ${AUTOMATIC_FIXES[fix]}: ${detail}`,
  );
  const words = [`${sum.pass} passed`, `${sum.warn} warn`, `${sum.fail} failed`, `${sum.skipped} not checked`];
  const slowest = Math.max(0, ...reports.map(({ ms }) => ms));
  const colour = sum.fail > 0 ? chalk.red : sum.warn > 0 ? chalk.yellow : chalk.green;
  return [
    ...(mended.length > 0 ? ['', chalk.bold('Fixes'), ...mended] : []),
    ...notChecked(reports),
    ...(bundle
      ? ['', `Written: ${bundle.file} (${bundle.members.length} files). Look into it before you hand it on.`]
      : []),
    '',
    colour(`${words.join(', ')}; ${(slowest / 1000).toFixed(1)} s`),
  ].join('\n');
}

/** Checks that were skipped for the same reason are one line. */
function notChecked(reports: readonly DoctorReport[]): string[] {
  const lines = reports.flatMap(({ tenant, checks }) => {
    const reasons = new Map<string, string[]>();
    for (const { verdict, id, of, detail } of checks)
      if (verdict === 'skipped') reasons.set(detail, [...(reasons.get(detail) ?? []), of ? `${id} ${of}` : id]);
    return [...reasons].map(
      ([why, ids]) => `${SIGN.skipped} ${tenant === null ? '' : `${tenant} · `}${ids.join(', ')}: ${why}`,
    );
  });
  return lines.length > 0 ? ['', chalk.bold('Not checked'), ...lines] : [];
}

/** What `--fix` is about to do. */
export function presentFixes(fixes: readonly PlannedFix[]): string {
  return fixes
    .map(
      ({ fix, tenant, of, checks }) =>
        `  ${tenant ?? 'this machine'}: ${AUTOMATIC_FIXES[fix]}${of ? ` ${of}` : ''} (${checks.join(', ')})`,
    )
    .join('\n');
}
