import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { trail } from '../../operations/packs/runs.ts';
import { presentTrail } from '../../presenters/packs.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackAudit extends ChpCommand<typeof PackAudit> {
  static override summary = 'List what a tenant’s packs did and who decided it, newest last.';
  static override description =
    'This is the trail that the tenant’s host keeps: every approval by whatever way it came, and what packs record. What operators did: chp audit list.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith -n 10'];
  static override args = tenantArg;
  static override flags = {
    limit: Flags.integer({ char: 'n', description: 'The newest so many.', default: 50, min: 1, max: 1000 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const entries = await trail(context, this.args.tenant, this.flags.limit);
    return [entries, presentTrail(entries)];
  }
}
