/** One chp process among several that may run a rollout on simulated hubs. `node worker.ts HUBS-PORT run ROLLOUT [retry]`, or `… ops` */
import { ChpError } from '../../../src/core/errors.ts';
import { openContext } from '../../../src/operations/context.ts';
import { runLocally } from '../../../src/operations/rollout/run-local.ts';
import { runOpsWorker } from '../../../src/operations/rollout/temporal/worker.ts';
import { silentProgress } from '../../../src/presenters/progress.ts';
import { simulatedSteps } from '../../support/simulated-hubs.ts';

const [port, what, ...args] = process.argv.slice(2);
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

await using context = openContext({ env: process.env, progress: silentProgress(), signal: stop.signal });
const steps = simulatedSteps(Number(port));
try {
  if (what === 'run') {
    const { state, reason, counts } = await runLocally(context, args[0] ?? '', { retry: args[1] === 'retry' }, steps);
    say({ state, reason, counts });
  } else if (what === 'ops') say(await runOpsWorker(context, { atOnce: Number(args[0] ?? 50) }, steps));
} catch (error) {
  say({ error: error instanceof ChpError ? error.toJSON() : { code: String(error) } });
  process.exitCode = 1;
}
