import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { diffTenantGenerations } from '../../operations/generations/diff-generations.ts';
import { presentDiff } from '../../presenters/generations.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class GenerationDiff extends ChpCommand<typeof GenerationDiff> {
  static override summary =
    'Show what separates two generations: runtime, config paths, skills, packs, services, secrets by name.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> smith 3 4',
    '<%= config.bin %> <%= command.id %> smith 3',
  ];
  static override args = {
    ...tenantArg,
    from: Args.string({ description: 'Number, or the beginning of a digest.', required: true }),
    to: Args.string({ description: 'As `from`; by default the one that runs.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, from, to } = this.args;
    const diff = await diffTenantGenerations(context, tenant, from, to ?? null);
    return [diff, presentDiff(diff)];
  }
}
