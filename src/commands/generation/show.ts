import { Flags } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { showGeneration } from '../../operations/generations/list-generations.ts';
import { presentGeneration } from '../../presenters/generations.ts';
import { generationArg, tenantArg } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class GenerationShow extends ChpCommand<typeof GenerationShow> {
  static override summary = 'Show one generation: what it is made of, what became of it, and what the host has of it.';
  static override examples = ['<%= config.bin %> <%= command.id %> smith 4'];
  static override args = { ...tenantArg, ...generationArg };
  static override flags = { offline: Flags.boolean({ description: 'Do not ask the host.' }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { tenant, generation } = this.args;
    const details = await showGeneration(context, tenant, generation, { offline: this.flags.offline });
    return [details, presentGeneration(details)];
  }
}
