import type { AutomaticFix, DoctorReport } from '../../core/doctor.ts';

/** One thing to do, for all the checks that it mends. */
export interface PlannedFix {
  fix: AutomaticFix;
  /** null = this machine. */
  tenant: string | null;
  /** The catalogue, where it is about one. */
  of: string | null;
  checks: string[];
}

/** Finishing what was cut comes first: nothing else may run before. */
const ORDER: readonly AutomaticFix[] = ['private-modes', 'renew-catalogue', 'recover', 'apply'];

/** The safe fixes for what was found, each once. Pure. */
export function plannedFixes(reports: readonly DoctorReport[]): PlannedFix[] {
  const planned = new Map<string, PlannedFix>();
  for (const { tenant, checks } of reports)
    for (const { id, of, fix } of checks) {
      if (!fix?.automatic) continue;
      const about = fix.automatic === 'renew-catalogue' ? of : null;
      const key = JSON.stringify([fix.automatic, tenant, about]);
      const one = planned.get(key) ?? { fix: fix.automatic, tenant, of: about, checks: [] };
      if (!one.checks.includes(id)) one.checks.push(id);
      planned.set(key, one);
    }
  return [...planned.values()].sort((a, b) => ORDER.indexOf(a.fix) - ORDER.indexOf(b.fix));
}
