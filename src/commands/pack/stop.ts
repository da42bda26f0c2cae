import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { stopRun } from '../../operations/packs/runs.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackStop extends ChpCommand<typeof PackStop> {
  static override summary = 'End a run of a pack that is not to go on: it begins no further step.';
  static override description =
    'What a step has done stays done. Who stopped it stands in the trail of the tenant’s packs (`chp pack audit`).';
  static override examples = ['<%= config.bin %> <%= command.id %> smith smith/morning-brief/20261125T055500Z-3f1a2b'];
  static override args = {
    ...tenantArg,
    run: Args.string({ description: 'As `chp pack history` names it.', required: true }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, run } = this.args;
    const stopped = await stopRun(context, tenant, run);
    return [stopped, `${run} is stopped.`];
  }
}
