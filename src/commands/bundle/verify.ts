import { Args } from '@oclif/core';
import { verifyBundle } from '../../operations/bundle-file.ts';
import { presentBundle } from '../../presenters/bundle.ts';
import { ChpCommand } from '../base.ts';

export default class BundleVerify extends ChpCommand<typeof BundleVerify> {
  static override summary = 'Check every file inside a bundle file against its digest.';
  static override examples = ['<%= config.bin %> <%= command.id %> clawdbot.chpb'];
  static override args = {
    file: Args.string({ description: 'File that `bundle build --out` wrote.', required: true }),
  };

  protected async perform(): Promise<[unknown, string]> {
    const record = await verifyBundle(this.args.file);
    return [record, `${presentBundle(record)}\nevery file inside is what it should be`];
  }
}
