import { Args } from '@oclif/core';
import { readOfflineBundle } from '../../operations/bundle-file.ts';
import type { Context } from '../../operations/context.ts';
import { presentBundle } from '../../presenters/bundle.ts';
import { ChpCommand } from '../base.ts';

export default class BundleImport extends ChpCommand<typeof BundleImport> {
  static override summary = 'Take a bundle file into the cache, after checking all of it; builds then need no network.';
  static override description =
    'Whoever made the file is trusted with what runs on the hubs: compare its digest with theirs.';
  static override examples = ['<%= config.bin %> <%= command.id %> clawdbot.chpb'];
  static override args = {
    file: Args.string({ description: 'File that `bundle build --out` wrote.', required: true }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const bundle = await readOfflineBundle(this.args.file, context.home);
    return [bundle, presentBundle(bundle)];
  }
}
