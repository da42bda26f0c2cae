import { randomBytes } from 'node:crypto';
import {
  type Client,
  type WorkflowExecutionInfo,
  WorkflowNotFoundError,
  type WorkflowOptions,
} from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { ChpError } from '../../core/errors.ts';
import { TENANT_ATTRIBUTE } from '../../core/temporal-server.ts';
import type { RunSummary } from '../../core/worker-protocol.ts';
import type { RunInput, RunResult, StepRecord } from '../../packs/interpret/ports.ts';
import { taskQueueOf } from './tenant-worker.ts';
import { memoOf, RUN_PACK, stepsQuery } from './workflows/names.ts';

/** A run that waits for nothing but its own end must have one. */
const MAX_RUN = '400 days';
const tenantKey = defineSearchAttributeKey(TENANT_ATTRIBUTE, SearchAttributeType.KEYWORD);

/** What every start of a run says, whoever starts it. */
export function runOptions(input: RunInput) {
  return {
    taskQueue: taskQueueOf(input.tenant.name),
    args: [input],
    memo: memoOf(input),
    typedSearchAttributes: [{ key: tenantKey, value: input.tenant.name }],
    workflowExecutionTimeout: MAX_RUN,
  } satisfies Partial<WorkflowOptions & { args: unknown[] }>;
}

/** Sorts by time, and is not guessed. */
export const startId = (): string =>
  `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;

/** Starts a run. An id that was used before is not used again. @returns the run's id; null when it ran already */
export async function startRun(client: Client, input: RunInput, id = startId()): Promise<string | null> {
  const workflowId = `${input.tenant.name}/${input.pack.id}/${id}`;
  try {
    await client.workflow.start(RUN_PACK, {
      ...runOptions(input),
      workflowId,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
    return workflowId;
  } catch (error) {
    if ((error as Error).name === 'WorkflowExecutionAlreadyStartedError') return null;
    throw error;
  }
}

/** A tenant's runs, newest first. */
export async function listRuns(
  client: Client,
  tenant: string,
  { pack, status, limit = 20 }: { pack?: string; status?: string; limit?: number },
): Promise<RunSummary[]> {
  const wanted = [`${TENANT_ATTRIBUTE} = '${tenant}'`, `WorkflowType = '${RUN_PACK}'`];
  if (pack) wanted.push(`WorkflowId STARTS_WITH '${tenant}/${pack}/'`);
  if (status) wanted.push(`ExecutionStatus ${status === 'running' ? '=' : '!='} 'Running'`);
  const found: RunSummary[] = [];
  for await (const info of client.workflow.list({ query: wanted.join(' AND '), pageSize: 100 })) {
    const summary = await summaryOf(client, info);
    if (!status || summary.status === status) found.push(summary);
    if (found.length >= limit) break;
  }
  return found;
}

/** One run, with its steps so far. @throws NOT_FOUND */
export async function describeRun(
  client: Client,
  tenant: string,
  run: string,
): Promise<RunSummary & { steps: StepRecord[] }> {
  const handle = client.workflow.getHandle(run);
  const info = await ofTenant(tenant, run, () => handle.describe());
  const summary = await summaryOf(client, info);
  if (summary.status === 'running') return { ...summary, steps: await handle.query(stepsQuery).catch(() => []) };
  const result = await handle.result().catch(() => null);
  return { ...summary, steps: (result as RunResult | null)?.steps ?? [] };
}

/** @throws NOT_FOUND, CONFLICT when it ended already */
export async function cancelRun(client: Client, tenant: string, run: string): Promise<void> {
  const handle = client.workflow.getHandle(run);
  const { status } = await ofTenant(tenant, run, () => handle.describe());
  if (status.name !== 'RUNNING') throw new ChpError('CONFLICT', `the run ${run} has ended already`);
  await handle.cancel();
}

/** Ids begin with the tenant: nobody looks into, or stops, another one's runs. */
async function ofTenant<T>(tenant: string, run: string, look: () => Promise<T>): Promise<T> {
  const missing = () => new ChpError('NOT_FOUND', `there is no run ${run}`, { next: ['chp pack history TENANT'] });
  if (!run.startsWith(`${tenant}/`)) throw missing();
  try {
    return await look();
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? missing() : error;
  }
}

type Info = Omit<WorkflowExecutionInfo, 'raw'>;

async function summaryOf(client: Client, info: Info): Promise<RunSummary> {
  const [tenant = '', pack = ''] = info.workflowId.split('/');
  const { version = '', trigger = '' } = (info.memo ?? {}) as Partial<ReturnType<typeof memoOf>>;
  return {
    run: info.workflowId,
    tenant,
    pack,
    version,
    trigger,
    ...(await outcome(client, info)),
    startedAt: info.startTime.toISOString(),
    endedAt: info.closeTime?.toISOString() ?? null,
  };
}

/** Statuses are the interpreter's; a run that something else ended did not get to say one. */
async function outcome(client: Client, info: Info): Promise<Pick<RunSummary, 'status' | 'reason'>> {
  switch (info.status.name) {
    case 'RUNNING':
      return { status: 'running', reason: null };
    case 'COMPLETED': {
      const { status, reason } = (await client.workflow.getHandle(info.workflowId, info.runId).result()) as RunResult;
      return { status, reason };
    }
    case 'CANCELLED':
      return { status: 'manual-override', reason: 'Somebody stopped it.' };
    default:
      return { status: 'blocked', reason: await whyEnded(client, info) };
  }
}

async function whyEnded(client: Client, { workflowId, runId, status }: Info): Promise<string> {
  const error = await client.workflow
    .getHandle(workflowId, runId)
    .result()
    .then(
      () => null,
      (failed: Error) => failed,
    );
  const cause = error?.cause instanceof Error ? error.cause.message : error?.message;
  return cause || `It ended as ${status.name}.`;
}
