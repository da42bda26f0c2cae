// `node fleet-worker.ts HUBS-PORT AT-ONCE`: the ops worker, and beside it a plain one with the same activities.
import { NativeConnection, Worker } from '@temporalio/worker';
import { openContext } from '../../src/operations/context.ts';
import { opsActivities } from '../../src/operations/rollout/temporal/activities.ts';
import { temporalSdk } from '../../src/operations/rollout/temporal/sdk.ts';
import { runOpsWorker } from '../../src/operations/rollout/temporal/worker.ts';
import { recordedProgress } from '../../test/support/progress.ts';
import { simulatedSteps } from '../../test/support/simulated-hubs.ts';

const [port, atOnce] = process.argv.slice(2).map(Number) as [number, number];
let isReady = (): void => {};
const ready = new Promise<void>((resolve) => {
  isReady = resolve;
});
// Its first note says that it is.
const progress = recordedProgress();
progress.note = () => isReady();
const context = openContext({ env: process.env, progress, signal: new AbortController().signal });
const steps = simulatedSteps(port, true);
const ops = runOpsWorker(context, { atOnce }, steps);
// It sets up the SDK, which must be first.
await ready;
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '' }),
  taskQueue: 'bare-ops',
  workflowsPath: new URL('fleet-workflow.ts', import.meta.url).pathname,
  activities: { ...opsActivities(context, await temporalSdk(context), progress, steps) },
  maxConcurrentActivityTaskExecutions: atOnce,
});
console.log('ready');
await Promise.all([ops, worker.run()]);
