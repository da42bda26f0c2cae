import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { runOpsWorker } from '../../operations/rollout/temporal/worker.ts';
import { ChpCommand } from '../base.ts';

export default class WorkerOps extends ChpCommand<typeof WorkerOps> {
  static override summary = 'Run rollouts that were started with --executor temporal, until it is stopped.';
  static override description =
    'As many as one likes, on any machines that reach the registry (CHP_DATABASE_URL), the hosts and Temporal, which is named by the variables of its own tools: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_…. When one dies, another begins its tenants again; what is done is not done again.';
  static override examples = ['TEMPORAL_ADDRESS=127.0.0.1:7233 <%= config.bin %> <%= command.id %> --at-once 20'];
  static override flags = {
    'at-once': Flags.integer({ description: 'How many tenants at a time.', default: 20, min: 1, max: 500 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const served = await runOpsWorker(context, { atOnce: this.flags['at-once'] });
    return [served, `Served ${served.queue} at ${served.address}.`];
  }
}
