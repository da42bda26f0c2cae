import { Args } from '@oclif/core';
import { inspectBundle } from '../../operations/bundle-file.ts';
import { presentBundle } from '../../presenters/bundle.ts';
import { ChpCommand } from '../base.ts';

export default class BundleInspect extends ChpCommand<typeof BundleInspect> {
  static override summary = 'Say what a bundle file holds; reads only its head.';
  static override examples = ['<%= config.bin %> <%= command.id %> clawdbot.chpb'];
  static override args = {
    file: Args.string({ description: 'File that `bundle build --out` wrote.', required: true }),
  };

  protected async perform(): Promise<[unknown, string]> {
    const record = await inspectBundle(this.args.file);
    return [record, presentBundle(record)];
  }
}
