import type { Context } from '../context.ts';
import type { SupportBundle } from './bundle.ts';
import { type Diagnosis, type DoctorOptions, diagnose } from './diagnose.ts';
import type { FixOutcome } from './fixes.ts';
import { type PlannedFix, plannedFixes } from './planned-fixes.ts';
import { quietly } from './quietly.ts';

export interface DoctorResult extends Diagnosis {
  /** The archive for support, where one was asked for. */
  bundle: SupportBundle | null;
  /** What `--fix` did; the diagnosis is the one after it. Empty where nothing was to be done. */
  fixes: FixOutcome[];
}

/**
 * Diagnoses; with `approve` also does the safe fixes that it agrees to, and looks again.
 * @param approve null = nothing is changed
 * @param bundle File for the archive; null = none
 */
export async function doctor(
  context: Context,
  options: DoctorOptions,
  approve: ((fixes: readonly PlannedFix[]) => Promise<boolean>) | null,
  bundle: string | null = null,
): Promise<DoctorResult> {
  const result = await diagnoseAndFix(context, options, approve);
  if (bundle === null) return { ...result, bundle: null };
  const { writeSupportBundle } = await import('./bundle.ts');
  return { ...result, bundle: await writeSupportBundle(quietly(context), result, bundle) };
}

async function diagnoseAndFix(
  context: Context,
  options: DoctorOptions,
  approve: Parameters<typeof doctor>[2],
): Promise<Omit<DoctorResult, 'bundle'>> {
  const found = await diagnose(context, options);
  const fixes = approve ? plannedFixes(found.reports) : [];
  if (!approve || fixes.length === 0 || !(await approve(fixes))) return { ...found, fixes: [] };
  // Loaded on use: a look needs nothing of what changes things.
  const { applyFixes } = await import('./fixes.ts');
  const done = await applyFixes(context, fixes);
  return { ...(await diagnose(context, options)), fixes: done };
}
