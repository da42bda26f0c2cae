import { Args } from '@oclif/core';
import { mirrorCatalogue } from '../../operations/catalogue/mirror-catalogue.ts';
import type { Context } from '../../operations/context.ts';
import { ChpCommand } from '../base.ts';

export default class CatalogueMirror extends ChpCommand<typeof CatalogueMirror> {
  static override summary = 'Copy a catalogue into another one: verified, with the signatures of its publishers.';
  static override examples = ['<%= config.bin %> <%= command.id %> shared home'];
  static override args = {
    from: Args.string({ description: 'Catalogue to read.', required: true }),
    to: Args.string({ description: 'Catalogue to write; this machine signs for it.', required: true }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const done = await mirrorCatalogue(context, this.args.from, this.args.to);
    const keys = done.keyids.length > 0 ? `\nWhoever reads ${done.to} pins also: ${done.keyids.join(', ')}` : '';
    return [done, `${done.packs} packs: ${done.copied} versions copied, ${done.present} were there.${keys}`];
  }
}
