import { Flags } from '@oclif/core';
import { buildRuntime } from '../../operations/bundle-file.ts';
import type { Context } from '../../operations/context.ts';
import { megabytes, presentBundle } from '../../presenters/bundle.ts';
import { ChpCommand } from '../base.ts';

export default class BundleBuild extends ChpCommand<typeof BundleBuild> {
  static override summary = 'Build the runtime (node and gateway) for a platform; as one file with --out.';
  static override description =
    'The same lock file gives the same digest on every machine. A second build comes from the cache. The file can be carried to a place without a network and taken in with `bundle import`.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --platform linux-arm64 --out clawdbot-arm64.chpb',
  ];
  static override flags = {
    platform: Flags.option({
      options: ['linux-x64', 'linux-arm64'] as const,
      default: process.arch === 'arm64' ? ('linux-arm64' as const) : ('linux-x64' as const),
      description: 'Platform of the host.',
    })(),
    out: Flags.string({ char: 'o', description: 'Also write the one-file form here.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const built = await buildRuntime(context, this.flags.platform, this.flags.out);
    const written = built.file ? `\nwritten to ${built.file.path}, ${megabytes(built.file.size)}` : '';
    return [built, `${presentBundle(built.bundle)}${written}`];
  }
}
