import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from '../../../core/errors.ts';
import { OPS_QUEUE, ROLLOUT_WORKFLOW, rolloutWorkflowId, WANTED_SIGNAL } from '../../../core/rollout/ops.ts';
import type { Context } from '../../context.ts';
import { type RolloutResult, rolloutResult } from '../result.ts';
import { connected, temporalCluster, temporalSdk } from './sdk.ts';

const LOOK_MS = 1_000;

/**
 * Has Temporal run a rollout, and follows it to its end; one that runs already is followed. Ctrl-C only ends the
 * following.
 * @throws BAD_INPUT, ENGINE_UNAVAILABLE; ENGINE_FAILED when the workflow itself fails; INTERRUPTED
 */
export async function runOnTemporal(
  context: Context,
  id: string,
  { retry }: { retry: boolean },
): Promise<RolloutResult> {
  const registry = await context.registry();
  const { spec } = await registry.rollout(id);
  await withClient(context, async (client, sdk) => {
    const workflowId = rolloutWorkflowId(id);
    await client.workflow
      .start(ROLLOUT_WORKFLOW, { taskQueue: OPS_QUEUE, workflowId, args: [id, retry] })
      .catch((error: unknown) => {
        if (!(error instanceof sdk.WorkflowExecutionAlreadyStartedError)) throw error;
      });
    await context.progress.step(`Roll out ${spec.operation.name} on Temporal`, async (step) => {
      const ended = client.workflow.getHandle(workflowId).result();
      ended.catch(() => {});
      for (let over = false; !over; ) {
        over = await Promise.race([
          ended.then(() => true),
          sleep(LOOK_MS, false, { signal: context.signal, ref: true }).catch(() => {
            throw new ChpError('INTERRUPTED', 'followed no longer; the job goes on', {
              next: [`chp job watch ${id.slice(0, 8)}`, `chp job pause ${id.slice(0, 8)}`],
            });
          }),
        ]).catch((error: unknown) => {
          throw error instanceof ChpError ? error : workflowFailed(id, error);
        });
        const { counts, tenants } = await rolloutResult(registry, id);
        step.update(tenants.length - counts.waiting - counts.running, tenants.length, 'tenants');
      }
    });
  });
  return rolloutResult(registry, id);
}

/** Tells the workflow what an operator asked for. @returns false when none runs */
export async function signalRollout(context: Context, id: string, wanted: 'pause' | 'cancel'): Promise<boolean> {
  return withClient(context, (client, sdk) =>
    client.workflow
      .getHandle(rolloutWorkflowId(id))
      .signal(WANTED_SIGNAL, wanted)
      .then(
        () => true,
        (error: unknown) => {
          if (error instanceof sdk.WorkflowNotFoundError) return false;
          throw error;
        },
      ),
  );
}

type Sdk = typeof import('@temporalio/client');

async function withClient<T>(
  context: Context,
  work: (client: InstanceType<Sdk['Client']>, sdk: Sdk) => Promise<T>,
): Promise<T> {
  const cluster = await temporalCluster(context.env);
  const { client: sdk } = await temporalSdk(context);
  const { namespace, ...options } = cluster;
  const connection = await connected(cluster, () => sdk.Connection.connect(options));
  try {
    return await work(new sdk.Client({ connection, namespace }), sdk);
  } finally {
    await connection.close();
  }
}

const workflowFailed = (id: string, error: unknown): ChpError =>
  new ChpError('ENGINE_FAILED', `the workflow of job ${id} failed`, {
    why: error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error),
    next: [`chp job show ${id.slice(0, 8)}`, `chp job resume ${id.slice(0, 8)}`],
    cause: error,
  });
