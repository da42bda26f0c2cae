import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Runtime } from '@temporalio/worker';
import { ChpError } from '../../core/errors.ts';
import { workerSocket } from '../../core/host-layout.ts';
import { TaskGuard } from './guard.ts';
import { log } from './log.ts';
import { answersOf } from './methods.ts';
import { serveSocket } from './socket.ts';
import type { TenantParts } from './tenant.ts';
import { PackWorker } from './worker.ts';

/** Files beside the program itself. */
export const WORKFLOW_BUNDLE = 'workflows.js';
export const FAILURE_CONVERTER = 'failure-converter.mjs';

/** The SDK has had its time to stop by then. */
const FORCE_EXIT_MS = 40_000;

/**
 * The worker as a process, until SIGTERM or SIGINT. `dir`: where its program's files lie.
 * Variables: CHP_WORKER_CONFIG (worker.json), CHP_WORKER_DIR (its own folder), and every secret by its name.
 */
export async function runWorker(dir: string, env: NodeJS.ProcessEnv, parts: TenantParts): Promise<void> {
  const configPath = required(env, 'CHP_WORKER_CONFIG');
  const stateDir = required(env, 'CHP_WORKER_DIR');
  let worker: PackWorker | undefined;
  const guard = new TaskGuard((workflowId, runId) => worker?.endPoisoned(workflowId, runId));
  // The process's own signals are handled here, so that several workers stop in order.
  Runtime.install({ logger: guard.logger(), shutdownSignals: [] });
  worker = new PackWorker({
    configPath,
    stateDir,
    workflowBundle: join(dir, WORKFLOW_BUNDLE),
    failureConverterPath: join(dir, FAILURE_CONVERTER),
    env,
    parts,
  });
  const server = await serveSocket(workerSocket({ automation: stateDir }), answersOf(worker));
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve).once('SIGINT', resolve);
  });
  const failed = worker.start().then(() => new Promise<never>(() => {}));
  const signal = await Promise.race([signalled, failed]);
  log('info', 'stopping', { signal });
  void sleep(FORCE_EXIT_MS, undefined, { ref: false }).then(() => process.exit(1));
  server.close();
  await worker.close();
  await Runtime.instance().shutdown();
  log('info', 'stopped');
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new ChpError('BAD_INPUT', `the variable ${name} is not set`);
}
