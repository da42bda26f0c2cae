import { diffConfig } from '../../operations/config.ts';
import type { Context } from '../../operations/context.ts';
import { presentDrift } from '../../presenters/drift.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class ConfigDiff extends ChpCommand<typeof ConfigDiff> {
  static override summary = 'Show where the live config on the host differs from what was pushed, and who owns it.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith'];
  static override args = tenantArg;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const drift = await diffConfig(context, this.args.tenant);
    return [drift, presentDrift(drift)];
  }
}
