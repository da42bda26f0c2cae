import type { TenantEnd } from '../ports/rollouts.ts';
import { decide, type RolloutEnd, type RolloutRow, type RolloutView } from './decide.ts';

/** What an executor lends to the rollout it runs: this process's clock and promises, or a workflow's. */
export interface DrivePorts {
  now(): number;
  /** Does the operation to one tenant and journals it. Rejects only when the rollout can't go on here. */
  run(tenant: string): Promise<TenantEnd>;
  /** Looks at it again after the soak. @returns what is wrong, or null */
  check(tenant: string): Promise<string | null>;
  /** Resolves at that time, or earlier when `wake` was called or something was asked for. */
  idle(until: number | null): Promise<void>;
  wake(): void;
  /** What an operator asked for meanwhile. */
  wanted(): Promise<RolloutView['wanted']>;
}

/** Runs a rollout to its end, as `decide` says. @throws what `run` and `check` throw, when nothing runs any more */
export async function drive(view: RolloutView, ports: DrivePorts): Promise<RolloutEnd> {
  let failure: { error: unknown } | null = null;
  let busy = 0;
  const begin = (row: RolloutRow): void => {
    row.state = 'running';
    busy++;
    ports
      .run(row.tenant)
      .then((end) => ended(row, end, ports.now()))
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        busy--;
        ports.wake();
      });
  };
  for (;;) {
    view.wanted = await ports.wanted();
    if (failure) {
      if (busy === 0) throw (failure as { error: unknown }).error;
      await ports.idle(null);
      continue;
    }
    const decision = decide(view, ports.now());
    if (decision.do === 'end') return { state: decision.state, reason: decision.reason };
    if (decision.do === 'start') decision.rows.forEach(begin);
    if (decision.do === 'wait') await ports.idle(decision.until);
    if (decision.do === 'check')
      await Promise.all(
        decision.rows.map(async (row) => {
          row.checked = true;
          if ((await ports.check(row.tenant)) !== null) row.state = 'failed';
        }),
      );
  }
}

function ended(row: RolloutRow, end: TenantEnd, now: number): void {
  row.state = end.state;
  row.opensAt = end.opensAt === null ? null : Date.parse(end.opensAt);
  row.endedAt = now;
}
