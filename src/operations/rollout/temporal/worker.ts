import { opsWorkflows } from '../../../adapters/worker/ops-workflows.ts';
import { OPS_QUEUE } from '../../../core/rollout/ops.ts';
import type { Context } from '../../context.ts';
import { ROLLOUT_STEPS, type RolloutSteps } from '../steps.ts';
import { opsActivities } from './activities.ts';
import { connected, temporalCluster, temporalSdk } from './sdk.ts';

/** What runs is given so long to come to the end of a step when the worker stops. */
const GRACE_MS = 30_000;
/** After that another worker may go on with a workflow that this one knew. */
const STICKY_MS = 5_000;

export interface OpsWorker {
  address: string;
  namespace: string;
  queue: string;
}

/**
 * Runs rollouts for Temporal until the context's signal: as many processes as one likes, on any machine that reaches the
 * registry and the hosts, and has the keys.
 * @throws BAD_INPUT, ENGINE_UNAVAILABLE
 */
export async function runOpsWorker(
  context: Context,
  { atOnce }: { atOnce: number },
  steps: RolloutSteps = ROLLOUT_STEPS,
): Promise<OpsWorker> {
  const cluster = await temporalCluster(context.env);
  const sdk = await temporalSdk(context);
  const codePath = await opsWorkflows(context.home);
  const { NativeConnection, Worker, Runtime, DefaultLogger } = sdk.worker;
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const { namespace, ...options } = cluster;
  const connection = await connected(cluster, () => NativeConnection.connect(options));
  try {
    await context.progress.step(`Rollouts from ${cluster.address}`, async (progress) => {
      const worker = await Worker.create({
        connection,
        namespace,
        taskQueue: OPS_QUEUE,
        workflowBundle: { codePath },
        activities: { ...opsActivities(context, sdk, progress, steps) },
        maxConcurrentActivityTaskExecutions: atOnce,
        shutdownGraceTime: GRACE_MS,
        stickyQueueScheduleToStartTimeout: STICKY_MS,
      });
      const stop = (): void => worker.shutdown();
      context.signal.addEventListener('abort', stop, { once: true });
      progress.note('ready');
      await worker.run();
      progress.says('stopped');
    });
  } finally {
    await connection.close();
  }
  return { address: cluster.address, namespace, queue: OPS_QUEUE };
}
