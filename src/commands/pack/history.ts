import { Args, Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { describeRun, listRuns } from '../../operations/packs/runs.ts';
import { presentRun, presentRuns } from '../../presenters/packs.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackHistory extends ChpCommand<typeof PackHistory> {
  static override summary = 'List the runs of a tenant’s packs, newest first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith morning-brief -n 5 --json',
  ];
  static override args = { ...tenantArg, pack: Args.string({ description: 'Only of this pack.' }) };
  static override flags = {
    run: Flags.string({ description: 'One run, with its steps.' }),
    limit: Flags.integer({ char: 'n', description: 'At most so many.', default: 20, min: 1, max: 500 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, pack } = this.args;
    if (this.flags.run !== undefined) {
      const run = await describeRun(context, tenant, this.flags.run);
      return [[run], presentRun(run)];
    }
    const runs = await listRuns(context, tenant, { ...(pack ? { pack } : {}), limit: this.flags.limit });
    return [runs, presentRuns(runs)];
  }
}
