import { Args, Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { listRuns } from '../../operations/packs/runs.ts';
import { presentRuns } from '../../presenters/packs.ts';
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
    limit: Flags.integer({ char: 'n', description: 'At most so many.', default: 20, min: 1, max: 500 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, pack } = this.args;
    const runs = await listRuns(context, tenant, { ...(pack ? { pack } : {}), limit: this.flags.limit });
    return [runs, presentRuns(runs)];
  }
}
