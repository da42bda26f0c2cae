import { Args, Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { installPack } from '../../operations/packs/install-pack.ts';
import { packInputs } from '../../operations/packs/pack-inputs.ts';
import { presentPackOutcome } from '../../presenters/packs.ts';
import { inputFlag, stageFlag, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackInstall extends ChpCommand<typeof PackInstall> {
  static override summary = 'Install a pack for a tenant, or change its version or inputs.';
  static override description =
    'Skills, secrets, connectors and members that it needs and the tenant lacks are named before anything changes, with the commands that supply them. The host verifies the pack again before it runs.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith morning-brief --input readers=[ana]',
    '<%= config.bin %> <%= command.id %> smith morning-brief@^1.2 --input time=07:10',
    '<%= config.bin %> <%= command.id %> smith home/garden@beta',
  ];
  static override args = {
    ...tenantArg,
    pack: Args.string({ description: '[CATALOGUE/]ID[@VERSION|RANGE|CHANNEL].', required: true }),
  };
  static override flags = {
    ...inputFlag,
    ...stageFlag,
    'allow-yanked': Flags.boolean({ description: 'Take an exact version although its publisher withdrew it.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, pack } = this.args;
    const outcome = await installPack(context, tenant, pack, {
      inputs: packInputs(this.flags.input ?? []),
      stage: this.flags.stage,
      allowYanked: this.flags['allow-yanked'],
    });
    return [outcome, presentPackOutcome(outcome, `${pack} is installed`)];
  }
}
