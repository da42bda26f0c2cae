import type { Client, ScheduleSummary } from '@temporalio/client';
import proto from '@temporalio/proto';
import { TENANT_ATTRIBUTE } from '../../core/temporal-server.ts';
import type { RunSummary, WorkerInspection } from '../../core/worker-protocol.ts';
import { listRuns } from './runs.ts';
import { taskQueueOf } from './tenant-worker.ts';

const { TASK_QUEUE_TYPE_ACTIVITY: ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW: WORKFLOW } =
  proto.temporal.api.enums.v1.TaskQueueType;
const MAX_RUNS = 200;
/** Statuses of runs that did what they were to do, or were stopped by a person. */
const WELL = ['success', 'manual-override'];

/** What Temporal says of one tenant's task queue, runs and schedules: read only. */
export async function inspect(client: Client, tenant: string, since: Date): Promise<WorkerInspection> {
  const [workflows, activities, running, ended, schedules] = await Promise.all([
    taskQueue(client, tenant, WORKFLOW),
    taskQueue(client, tenant, ACTIVITY),
    listRuns(client, tenant, { status: 'running', limit: MAX_RUNS }),
    listRuns(client, tenant, { limit: MAX_RUNS }),
    schedulesOf(client, tenant, since),
  ]);
  const stats = [workflows.stats, activities.stats].filter((one) => one != null);
  return {
    pollers: { workflows: workflows.pollers?.length ?? 0, activities: activities.pollers?.length ?? 0 },
    backlog:
      stats.length === 0
        ? null
        : {
            tasks: stats.reduce((sum, one) => sum + Number(one.approximateBacklogCount ?? 0), 0),
            oldestS: Math.max(...stats.map((one) => Number(one.approximateBacklogAge?.seconds ?? 0))),
          },
    running: running.map(({ run, startedAt }) => ({ run, startedAt })),
    failed: ended.flatMap((one) => (isBad(one, since) ? [failureOf(one)] : [])),
    schedules,
  };
}

function taskQueue(client: Client, tenant: string, taskQueueType: number) {
  return client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueueOf(tenant) },
    taskQueueType,
    reportStats: true,
  });
}

const isBad = ({ status, endedAt }: RunSummary, since: Date): boolean =>
  endedAt !== null && new Date(endedAt) >= since && !WELL.includes(status);

const failureOf = ({ run, pack, status, reason, endedAt }: RunSummary): WorkerInspection['failed'][number] => ({
  ...{ run, pack, status, reason },
  endedAt: endedAt ?? '',
});

async function schedulesOf(client: Client, tenant: string, since: Date): Promise<WorkerInspection['schedules']> {
  const found: ScheduleSummary[] = [];
  for await (const one of client.schedule.list({ query: `${TENANT_ATTRIBUTE} = '${tenant}'` })) found.push(one);
  return Promise.all(
    found.map(async ({ scheduleId }) => {
      const { info, state } = await client.schedule.getHandle(scheduleId).describe();
      const late = info.recentActions
        .filter(({ takenAt }) => takenAt >= since)
        .map(({ takenAt, scheduledAt }) => Math.round((takenAt.getTime() - scheduledAt.getTime()) / 1000));
      return {
        id: scheduleId,
        paused: state.paused,
        next: info.nextActionTimes[0]?.toISOString() ?? null,
        lateS: late.length > 0 ? Math.max(...late) : null,
        missed: info.numActionsMissedCatchupWindow,
      };
    }),
  );
}
