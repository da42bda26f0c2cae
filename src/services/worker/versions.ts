import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import { log } from './log.ts';

const PINNED = proto.temporal.api.enums.v1.VersioningBehavior.VERSIONING_BEHAVIOR_PINNED;
const OVERRIDE =
  proto.temporal.api.workflow.v1.VersioningOverride.PinnedOverrideBehavior.PINNED_OVERRIDE_BEHAVIOR_PINNED;
const WAIT_MS = 30_000;
/** Mostly it is a matter of milliseconds. */
const [RETRY_MS, MAX_RETRY_MS] = [10, 320];
const PAGE = 200;

interface Deployment {
  namespace: string;
  deploymentName: string;
  buildId: string;
}

/**
 * Makes this build the one that new runs begin on, and takes over the runs of builds before it: their workers are gone
 * after an upgrade, and the replays of saved histories vouch that this build goes on where they were.
 */
export async function becomeCurrent(
  { workflowService: service }: NativeConnection,
  { namespace, deploymentName, buildId }: Deployment,
): Promise<void> {
  // The server knows a version only after its worker's first poll.
  const deadline = Date.now() + WAIT_MS;
  for (let wait = RETRY_MS; ; wait = Math.min(2 * wait, MAX_RETRY_MS)) {
    try {
      await service.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName,
        buildId,
        identity: 'chp-worker',
        ignoreMissingTaskQueues: true,
      });
      break;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  const others = `TemporalWorkerDeployment = '${deploymentName}' AND TemporalWorkerDeploymentVersion != '${deploymentName}:${buildId}'`;
  let taken = 0;
  for (let nextPageToken: Uint8Array = new Uint8Array(); ; ) {
    const page = await service.listWorkflowExecutions({
      namespace,
      pageSize: PAGE,
      nextPageToken,
      query: `ExecutionStatus = 'Running' AND ${others}`,
    });
    for (const { execution } of page.executions ?? []) {
      await service.updateWorkflowExecutionOptions({
        namespace,
        workflowExecution: execution ?? null,
        workflowExecutionOptions: {
          versioningOverride: {
            pinned: { behavior: OVERRIDE, version: { deploymentName, buildId } },
            behavior: PINNED,
          },
        },
        updateMask: { paths: ['versioning_override'] },
      });
      taken++;
    }
    nextPageToken = page.nextPageToken ?? new Uint8Array();
    if (nextPageToken.length === 0) break;
  }
  if (taken > 0) log('info', 'runs-taken-over', { deploymentName, buildId, runs: taken });
}
