import { Client } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { activitiesOf } from './activities/index.ts';
import type { TenantServices } from './activities/services.ts';
import type { Activities } from './activities/types.ts';
import type { TenantCodec } from './codec.ts';
import { TASK_LIMIT_MS } from './guard.ts';
import { log } from './log.ts';
import { becomeCurrent } from './versions.ts';

/** Longer than this nothing of an activity's is waited for when the worker stops. */
export const GRACE_MS = 20_000;
/** How long a run waits for the worker that knows it before another one may take it. */
const STICKY_MS = 5_000;
const RESTART_MS = 5_000;
const MAX_ACTIVITIES = 50;
const MAX_CACHED = 200;
/** Steps of a tenant's runs that are worked out at one time beside others: who starts very many waits in a queue of their own. */
const MAX_WORKFLOW_TASKS = 4;

export interface TenantWorkerOptions {
  tenant: string;
  namespace: string;
  build: string;
  /** No other tenant is served by this process. */
  alone: boolean;
  connection: NativeConnection;
  codec: TenantCodec;
  /** Path of the prebuilt workflow bundle, and of the module that exports `failureConverter`. */
  workflowBundle: string;
  failureConverterPath: string;
}

export const taskQueueOf = (tenant: string): string => `chp-${tenant}`;

/** One tenant's part of the process: a task queue, workflow threads and activity slots of its own. */
export class TenantWorker {
  readonly client: Client;
  readonly #options: TenantWorkerOptions;
  #activities: Activities;
  #worker: Worker | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(options: TenantWorkerOptions, services: TenantServices) {
    this.#options = options;
    this.#activities = activitiesOf(services);
    const { connection, namespace } = options;
    this.client = new Client({ connection, namespace, dataConverter: this.#dataConverter });
  }

  /** From now on activities work with these. */
  use(services: TenantServices): void {
    this.#activities = activitiesOf(services);
  }

  /** Resolves when tasks are taken. */
  async start(): Promise<void> {
    const { tenant, namespace, build, connection } = this.#options;
    this.#worker = await this.#create();
    this.#running = this.#run(this.#worker);
    await becomeCurrent(connection, { namespace, deploymentName: taskQueueOf(tenant), buildId: build });
  }

  /** Takes no more; what runs ends within GRACE_MS, or is left to the next worker. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#worker?.getState() === 'RUNNING') this.#worker.shutdown();
    await this.#running;
  }

  async #run(worker: Worker): Promise<void> {
    try {
      await worker.run();
    } catch (error) {
      log('error', 'worker-failed', { tenant: this.#options.tenant, error });
    }
    if (this.#stopping) return;
    await new Promise((resolve) => setTimeout(resolve, RESTART_MS).unref());
    if (this.#stopping) return;
    this.#worker = await this.#create();
    return this.#run(this.#worker);
  }

  #create(): Promise<Worker> {
    const { tenant, namespace, build, alone, connection, workflowBundle } = this.#options;
    const options: WorkerOptions & { isolateExecutionTimeout: number } = {
      connection,
      namespace,
      taskQueue: taskQueueOf(tenant),
      workflowBundle: { codePath: workflowBundle },
      activities: this.#callable(),
      dataConverter: this.#dataConverter,
      workerDeploymentOptions: {
        version: { deploymentName: taskQueueOf(tenant), buildId: build },
        useWorkerVersioning: true,
        defaultVersioningBehavior: 'PINNED',
      },
      shutdownGraceTime: GRACE_MS,
      stickyQueueScheduleToStartTimeout: STICKY_MS,
      // The SDK reads it, though its types do not say so; the poison pack of the tests does.
      isolateExecutionTimeout: TASK_LIMIT_MS,
      maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
      maxCachedWorkflows: MAX_CACHED,
      // Alone, as on a hub, there is nobody to be fair to, and so few would cost a fifth of the throughput.
      ...(alone ? {} : { maxConcurrentWorkflowTaskExecutions: MAX_WORKFLOW_TASKS }),
    };
    return Worker.create(options);
  }

  /** A reload changes what activities work with while the worker goes on. */
  #callable(): Activities {
    const names = Object.keys(this.#activities) as (keyof Activities)[];
    const call = (name: keyof Activities) => (argument: never) => this.#activities[name](argument);
    return Object.fromEntries(names.map((name) => [name, call(name)])) as Activities;
  }

  get #dataConverter() {
    const { codec, failureConverterPath } = this.#options;
    return { payloadCodecs: [codec], failureConverterPath };
  }
}
