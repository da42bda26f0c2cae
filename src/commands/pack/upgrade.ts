import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { upgradePacks } from '../../operations/packs/install-pack.ts';
import { presentPackOutcome } from '../../presenters/packs.ts';
import { stageFlag, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackUpgrade extends ChpCommand<typeof PackUpgrade> {
  static override summary = 'Take the newest versions that a tenant’s packs allow.';
  static override description =
    'Ranges and channels stay as they are; `chp pack install` changes them. Runs that go on keep the version they began with.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith',
    '<%= config.bin %> <%= command.id %> smith morning-brief',
  ];
  static override args = { ...tenantArg, pack: Args.string({ description: 'Id of the pack; default: all.' }) };
  static override flags = stageFlag;

  protected async perform(context: Context): Promise<[unknown, string]> {
    const outcome = await upgradePacks(context, this.args.tenant, this.args.pack, this.flags.stage);
    return [outcome, presentPackOutcome(outcome, 'the packs are up to date')];
  }
}
