import { Flags } from '@oclif/core';
import type { Context } from '../operations/context.ts';
import { inbox, messages } from '../operations/packs/runs.ts';
import { presentInbox, presentMessages } from '../presenters/packs.ts';
import { tenantArg } from './args.ts';
import { ChpCommand } from './base.ts';

export default class Inbox extends ChpCommand<typeof Inbox> {
  static override summary = 'Show what a tenant’s packs ask people, or told them.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith --all',
    '<%= config.bin %> <%= command.id %> smith --messages --to ana',
  ];
  static override args = tenantArg;
  static override flags = {
    all: Flags.boolean({ description: 'Also what is decided.', exclusive: ['messages'] }),
    messages: Flags.boolean({ description: 'What people were told, newest first, and what brought it to them.' }),
    to: Flags.string({ description: 'Only what this member was told.', helpValue: 'MEMBER', dependsOn: ['messages'] }),
    limit: Flags.integer({ char: 'n', description: 'At most so many.', default: 50, min: 1, max: 500 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { messages: told, to, limit } = this.flags;
    if (told) {
      const sent = await messages(context, this.args.tenant, { limit, ...(to === undefined ? {} : { to }) });
      return [sent, presentMessages(sent)];
    }
    const envelopes = await inbox(context, this.args.tenant, { open: !this.flags.all, limit });
    return [envelopes, presentInbox(envelopes, this.args.tenant)];
  }
}
