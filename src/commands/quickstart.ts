import { Flags } from '@oclif/core';
import type { Context } from '../operations/context.ts';
import { quickstart, removeQuickstart } from '../operations/quickstart.ts';
import { presentQuickstart, presentRemoved } from '../presenters/quickstart.ts';
import { ChpCommand } from './base.ts';

export default class Quickstart extends ChpCommand<typeof Quickstart> {
  static override summary = 'Stand up a real demo tenant on this machine: no cloud account, no SSH host, no API key.';
  static override description =
    'Uses ANTHROPIC_API_KEY or OPENAI_API_KEY when one is set, or the server at --model-url; otherwise a small offline model server that says that it is one. Run it again and it converges.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --model-url http://127.0.0.1:11434/v1 --model-id llama3',
    '<%= config.bin %> <%= command.id %> --destroy',
  ];
  static override flags = {
    destroy: Flags.boolean({ description: 'Remove the demo tenant and all it made.' }),
    'model-url': Flags.string({ description: 'Base URL of an OpenAI-compatible server.' }),
    'model-id': Flags.string({ description: 'Model id at the provider.' }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    if (this.flags.destroy) {
      const removed = await removeQuickstart(context);
      return [removed, presentRemoved(removed, context.home.dir)];
    }
    const { 'model-url': modelUrl, 'model-id': modelId } = this.flags;
    const result = await quickstart(context, { ...(modelUrl ? { modelUrl } : {}), ...(modelId ? { modelId } : {}) });
    return [result, presentQuickstart(result, context.home.dir)];
  }
}
