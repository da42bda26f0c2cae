import type { Context } from '../operations/context.ts';
import { decide } from '../operations/packs/runs.ts';
import { decisionArgs, decisionFlags } from './args.ts';
import { ChpCommand } from './base.ts';

export default class Deny extends ChpCommand<typeof Deny> {
  static override summary = 'Say no to what a pack asks, as one of those it asks.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith smith/unlock-door/1/ask --as ana'];
  static override args = decisionArgs;
  static override flags = decisionFlags;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, envelope } = this.args;
    const { as: by, comment } = this.flags;
    const decided = await decide(context, tenant, { envelope, verdict: 'deny', by, comment });
    return [decided, `${envelope}: ${decided.state}, ${decided.by} said no.`];
  }
}
