import { proxyActivities } from '@temporalio/workflow';
import type { OpsActivities } from '../../src/core/rollout/ops.ts';

const { runTenant } = proxyActivities<OpsActivities>({ startToCloseTimeout: '6h', heartbeatTimeout: '15s' });

/** What one would write first: so many at a time, no waves, nothing halts it, nothing is remembered but by Temporal. */
export async function bareRollout(id: string, epoch: number, tenants: string[], atOnce: number): Promise<void> {
  const left = tenants.values();
  const lane = async () => {
    for (const tenant of left) await runTenant(id, epoch, tenant);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
