import type { Context } from '../../operations/context.ts';
import { pinGeneration } from '../../operations/generations/keep-generations.ts';
import { presentPinned } from '../../presenters/generations.ts';
import { generationArg, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class GenerationPin extends ChpCommand<typeof GenerationPin> {
  static override summary = 'Keep a generation on the host, whatever retention says.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith 4'];
  static override args = { ...tenantArg, ...generationArg };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const pinned = await pinGeneration(context, this.args.tenant, this.args.generation, true);
    return [pinned, presentPinned(pinned)];
  }
}
