import { proxyActivities } from '@temporalio/workflow';

const { say } = proxyActivities<{ say: () => Promise<unknown> }>({ startToCloseTimeout: '30s' });

/** What Temporal's own samples say like: five activities, one after the other. */
export async function five(): Promise<unknown> {
  let last: unknown;
  for (let step = 0; step < 5; step++) last = await say();
  return last;
}
