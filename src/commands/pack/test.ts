import { Args, Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { testPack } from '../../operations/packs/test-pack.ts';
import { presentTested } from '../../presenters/tested-pack.ts';
import { ChpCommand } from '../base.ts';

export default class PackTest extends ChpCommand<typeof PackTest> {
  static override summary = 'Play a pack’s fixtures on a real Temporal server, with recorded answers.';
  static override description =
    'The worker that hubs get runs each of fixtures/*.yaml to its end; days pass in a moment, and nothing leaves this machine.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> .',
    '<%= config.bin %> <%= command.id %> workflow-packs/morning-brief --fixture no-events',
  ];
  static override args = { dir: Args.string({ description: 'Folder with a pack.yaml.', required: true }) };
  static override flags = { fixture: Flags.string({ description: 'Only this one.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const tested = await testPack(context, this.args.dir, this.flags.fixture);
    return [tested, presentTested(tested)];
  }
}
