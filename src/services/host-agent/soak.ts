import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckResult, ServiceStatus } from '../../core/agent-protocol.ts';

const LOOK_MS = 1_000;

export interface Soak {
  seconds: number;
  tenant: string;
  /** Services that must run on, by the same processes. */
  status(): Promise<ServiceStatus[]>;
  /** Drives the gateway once more; what does not pass. */
  drive(depth: 'health' | 'full'): Promise<CheckResult | undefined>;
  /** The operator's side is there to confirm. */
  present(): boolean;
}

/**
 * Watches what was just started: its processes run on, the gateway answers, and at the end takes a turn. What dies within
 * seconds passes a smoke test. Ends early on the first sign of trouble, or when nobody is there any more to confirm.
 */
export async function soak(watch: Soak): Promise<CheckResult> {
  const started = performance.now();
  const { seconds, tenant } = watch;
  const said = (verdict: CheckResult['verdict'], detail: string, fix = `chp logs ${tenant} gateway`): CheckResult => ({
    id: 'soak',
    title: `Watched for ${seconds} s`,
    verdict,
    detail,
    ms: Math.round(performance.now() - started),
    ...(verdict === 'fail' ? { fix } : {}),
  });
  const first = await watch.status();
  for (let looks = 1; ; looks++) {
    const left = seconds * 1000 - (performance.now() - started);
    const trouble = troubleIn(first, await watch.status());
    if (trouble !== null) return said('fail', trouble);
    const failed = await watch.drive(left <= 0 ? 'full' : 'health');
    if (failed) return said('fail', `${failed.title}: ${failed.detail}`, failed.fix);
    if (left <= 0) return said('pass', `nothing restarted, ${looks} looks, and a turn at the end`);
    if (!watch.present()) return said('fail', 'the operator’s side went away');
    await sleep(Math.min(LOOK_MS, left));
  }
}

/** What is not as it was at the beginning. Pure. */
export function troubleIn(first: readonly ServiceStatus[], now: readonly ServiceStatus[]): string | null {
  for (const { name, pid, restarts } of first) {
    const found = now.find((service) => service.name === name);
    if (!found?.active) return `${name} ended by itself`;
    if (found.restarts > restarts || found.pid !== pid) return `${name} was restarted: it had ended by itself`;
  }
  return null;
}
