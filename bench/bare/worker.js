// A plain Temporal worker: `node worker.js ADDRESS TASK-QUEUE BUNDLE`. Says "ready" when it takes tasks.
import { NativeConnection, Worker } from '@temporalio/worker';

const [address, taskQueue, codePath] = process.argv.slice(2);
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowBundle: { codePath },
  activities: { say: async () => ({ via: 'nowhere', id: null }) },
});
const running = worker.run();
console.log('ready');
await running;
