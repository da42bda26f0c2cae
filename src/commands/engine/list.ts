import type { Context } from '../../operations/context.ts';
import { listEngines } from '../../operations/engines.ts';
import { table } from '../../presenters/table.ts';
import { ChpCommand } from '../base.ts';

export default class EngineList extends ChpCommand<typeof EngineList> {
  static override summary = 'List the engines chp drives, and where each was found.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  protected async perform(context: Context): Promise<[unknown, string]> {
    const engines = await listEngines(context);
    const rows = engines.map((engine) => [
      engine.name,
      engine.found?.version ?? '-',
      engine.minimum,
      engine.found?.source ?? 'not installed',
      engine.found?.path ?? `chp engine install ${engine.name}`,
    ]);
    return [engines, table(['NAME', 'VERSION', 'MINIMUM', 'SOURCE', 'WHERE'], rows)];
  }
}
