import type { AutomaticFix, DoctorFix, DoctorGroup, DoctorVerdict } from '../../core/doctor.ts';
import type { HostReadings } from '../../core/host-readings.ts';
import type { LocalReadings } from './local-readings.ts';
import type { TenantReadings } from './tenant-readings.ts';

/** Everything that checks judge by. Each is read once, whoever needs it. */
export interface Readings extends HostReadings, LocalReadings, TenantReadings {}
export type ReadingName = keyof Readings;

/** What a check is told beside its readings. */
export interface Subject {
  /** Of the tenant; '' = this machine. */
  tenant: string;
  /** History is looked at from then on. */
  since: Date;
  now: Date;
}

/** A text alone is a pass. `of`: what it is about, where there are several. */
export type Finding =
  | string
  | { verdict: DoctorVerdict; detail: string; of?: string; fix?: Partial<DoctorFix> | undefined };

/** `TENANT` and `OF` stand for what it is about. */
export interface FixText {
  text: string;
  command?: string;
  automatic?: AutomaticFix;
}

export interface Check {
  id: string;
  group: DoctorGroup;
  title: string;
  /** When it warns or fails, one sentence: for the guide. */
  means: string;
  needs: readonly ReadingName[];
  /** Readings whose failure is this check's to tell; those that only need them are skipped. */
  owns: readonly ReadingName[];
  fix: FixText;
  /** Pure. */
  judge(readings: Readings, subject: Subject): Finding | readonly Finding[];
}

/** A row of the table; `judge` sees only what it needs. */
export function check<const K extends ReadingName>(
  row: Omit<Check, 'needs' | 'owns' | 'judge'> & {
    needs: readonly K[];
    owns?: readonly NoInfer<K>[];
    judge(readings: Pick<Readings, K>, subject: Subject): Finding | readonly Finding[];
  },
): Check {
  return { owns: [], ...row };
}

export const warn = (detail: string, more: Omit<Extract<Finding, object>, 'verdict' | 'detail'> = {}): Finding => ({
  verdict: 'warn',
  detail,
  ...more,
});
export const fail = (detail: string, more: Omit<Extract<Finding, object>, 'verdict' | 'detail'> = {}): Finding => ({
  verdict: 'fail',
  detail,
  ...more,
});
export const skipped = (detail: string, of?: string): Finding => ({
  verdict: 'skipped',
  detail,
  ...(of === undefined ? {} : { of }),
});
