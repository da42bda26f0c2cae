import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { installEngine } from '../../operations/engines.ts';
import { ChpCommand } from '../base.ts';

export default class EngineInstall extends ChpCommand<typeof EngineInstall> {
  static override summary = 'Get an engine: from PATH, the cache, its official release, or built from source.';
  static override examples = ['<%= config.bin %> <%= command.id %> pulumi'];
  static override args = { engine: Args.string({ description: 'Name of the engine.', required: true }) };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const engine = await installEngine(context, this.args.engine);
    return [engine, `${engine.name} ${engine.version} (${engine.source}): ${engine.path}`];
  }
}
