import { Args, Flags } from '@oclif/core';
import { publishPack } from '../../operations/catalogue/publish-pack.ts';
import type { Context } from '../../operations/context.ts';
import { presentPublished } from '../../presenters/catalogue.ts';
import { catalogueFlag } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackPublish extends ChpCommand<typeof PackPublish> {
  static override summary = 'Check, pack, sign and publish a pack; then read it back as whoever installs it.';
  static override description =
    'A version never changes: other content needs another version. The same content again changes nothing but the channel. Pre-releases go to beta unless --tag says otherwise.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./morning-brief',
    '<%= config.bin %> <%= command.id %> ./morning-brief --tag beta --dry-run',
  ];
  static override args = { dir: Args.string({ description: 'Folder with a pack.yaml.', default: '.' }) };
  static override flags = {
    ...catalogueFlag,
    tag: Flags.string({ description: 'Channel that moves to it: stable, beta…' }),
    'dry-run': Flags.boolean({ description: 'Say what would be published; publish nothing.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { catalogue, tag, 'dry-run': dryRun } = this.flags;
    const published = await publishPack(context, { dir: this.args.dir, catalogue, tag, dryRun });
    return [published, presentPublished(published)];
  }
}
