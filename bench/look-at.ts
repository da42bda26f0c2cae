import type { DoctorOptions } from '../src/operations/doctor/diagnose.ts';

/** As `chp doctor NAME…` asks by default. */
export function lookAt(tenants: DoctorOptions['tenants'], more: Partial<DoctorOptions> = {}): DoctorOptions {
  return {
    ...{ tenants, atOnce: 16, only: [], skip: [], drift: false, onCheck: () => {} },
    since: new Date(Date.now() - 86_400_000),
    ...more,
  };
}
