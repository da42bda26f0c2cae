import type { Context } from '../context.ts';
import { type Diagnosis, type DoctorOptions, diagnose } from './diagnose.ts';
import { applyFixes, type FixOutcome, type PlannedFix, plannedFixes } from './fixes.ts';

export interface DoctorResult extends Diagnosis {
  /** What `--fix` did; the diagnosis is the one after it. Empty where nothing was to be done. */
  fixes: FixOutcome[];
}

/**
 * Diagnoses; with `approve` also does the safe fixes that it agrees to, and looks again.
 * @param approve null = nothing is changed
 */
export async function doctor(
  context: Context,
  options: DoctorOptions,
  approve: ((fixes: readonly PlannedFix[]) => Promise<boolean>) | null,
): Promise<DoctorResult> {
  const found = await diagnose(context, options);
  const fixes = approve ? plannedFixes(found.reports) : [];
  if (!approve || fixes.length === 0 || !(await approve(fixes))) return { ...found, fixes: [] };
  const done = await applyFixes(context, fixes);
  return { ...(await diagnose(context, options)), fixes: done };
}
