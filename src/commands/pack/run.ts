import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { packInputs } from '../../operations/packs/pack-inputs.ts';
import { runPack } from '../../operations/packs/runs.ts';
import { presentRun } from '../../presenters/packs.ts';
import { inputFlag, memberFlag, packIdArg, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackRun extends ChpCommand<typeof PackRun> {
  static override summary = 'Run an installed pack now, and wait for its end.';
  static override description = 'Exits with 8 when the run does not end as success or soft-fail.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith morning-brief',
    '<%= config.bin %> <%= command.id %> smith unlock-door --as cleo --detach',
    '<%= config.bin %> <%= command.id %> smith meals-groceries --input days=3 --dry-run',
  ];
  static override args = { ...tenantArg, ...packIdArg };
  static override flags = {
    ...inputFlag,
    ...memberFlag,
    'dry-run': Flags.boolean({ description: 'Ask and read, but do nothing that has an effect.' }),
    detach: Flags.boolean({ char: 'd', description: 'Do not wait for its end.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const started = await runPack(context, this.args.tenant, this.args.pack, {
      inputs: packInputs(this.flags.input ?? []),
      dryRun: this.flags['dry-run'],
      wait: !this.flags.detach,
      by: this.flags.as,
    });
    if (started.result && !['success', 'soft-fail'].includes(started.result.status)) process.exitCode = 8;
    return [started, presentRun(started)];
  }
}
