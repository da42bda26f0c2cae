import { Flags } from '@oclif/core';
import type { Context } from '../operations/context.ts';
import { inbox } from '../operations/packs/runs.ts';
import { presentInbox } from '../presenters/packs.ts';
import { tenantArg } from './args.ts';
import { ChpCommand } from './base.ts';

export default class Inbox extends ChpCommand<typeof Inbox> {
  static override summary = 'Show what a tenant’s packs ask people.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith --all',
  ];
  static override args = tenantArg;
  static override flags = {
    all: Flags.boolean({ description: 'Also what is decided.' }),
    limit: Flags.integer({ char: 'n', description: 'At most so many.', default: 50, min: 1, max: 500 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const envelopes = await inbox(context, this.args.tenant, { open: !this.flags.all, limit: this.flags.limit });
    return [envelopes, presentInbox(envelopes, this.args.tenant)];
  }
}
