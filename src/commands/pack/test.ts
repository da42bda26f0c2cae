import { Args, Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { packInputs } from '../../operations/packs/pack-inputs.ts';
import { testPack } from '../../operations/packs/test-pack.ts';
import { tryPack } from '../../operations/packs/try-pack.ts';
import { presentRun } from '../../presenters/packs.ts';
import { presentTested } from '../../presenters/tested-pack.ts';
import { inputFlag, memberFlag } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackTest extends ChpCommand<typeof PackTest> {
  static override summary = 'Play a pack’s fixtures on a real Temporal server, with recorded answers.';
  static override description =
    'The worker that hubs get runs each of fixtures/*.yaml to its end; days pass in a moment, and nothing leaves this machine.\n\nWith --live the steps run once at a tenant’s instead, as a dry run: its agent is asked and its connectors are read for real, questions count as answered, waits pass at once, and messages, calls, changes and audit entries are shown and not done. The pack need not be installed. What the agent does by tools of its own is not held back. Exits with 8 when the run does not end as success or soft-fail.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> .',
    '<%= config.bin %> <%= command.id %> workflow-packs/morning-brief --fixture model-away',
    '<%= config.bin %> <%= command.id %> ./bedtime --live smith --input time=19:30',
  ];
  static override args = { dir: Args.string({ description: 'Folder with a pack.yaml.', required: true }) };
  static override flags = {
    fixture: Flags.string({ description: 'Only this one.', exclusive: ['live'] }),
    live: Flags.string({
      description: 'Dry run at this tenant’s, by its own agent and connectors.',
      helpValue: 'TENANT',
    }),
    ...inputFlag,
    ...memberFlag,
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { live, input = [], as: by } = this.flags;
    if (live !== undefined) {
      const tried = await tryPack(context, this.args.dir, live, { inputs: packInputs(input), by });
      if (!['success', 'soft-fail'].includes(tried.result.status)) process.exitCode = 8;
      return [tried, presentRun(tried)];
    }
    const tested = await testPack(context, this.args.dir, this.flags.fixture);
    return [tested, presentTested(tested)];
  }
}
