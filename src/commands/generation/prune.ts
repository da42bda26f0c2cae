import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { pruneTenantGenerations } from '../../operations/generations/keep-generations.ts';
import { presentPruned } from '../../presenters/generations.ts';
import { tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class GenerationPrune extends ChpCommand<typeof GenerationPrune> {
  static override summary = 'Remove from the host what the tenant’s retention does not keep.';
  static override description =
    'The generation that runs, the last proven one before it and pinned ones are never removed. A push does this by itself.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith --dry-run'];
  static override args = tenantArg;
  static override flags = { 'dry-run': Flags.boolean({ description: 'Only show what would be removed.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const pruned = await pruneTenantGenerations(context, this.args.tenant, this.flags['dry-run']);
    return [pruned, presentPruned(pruned)];
  }
}
