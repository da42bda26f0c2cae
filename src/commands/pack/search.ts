import { Args, Flags } from '@oclif/core';
import { searchPacks } from '../../operations/catalogue/find-packs.ts';
import type { Context } from '../../operations/context.ts';
import { table } from '../../presenters/table.ts';
import { catalogueFlag } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackSearch extends ChpCommand<typeof PackSearch> {
  static override summary = 'Find packs whose name or description holds every word; all without words.';
  static override examples = ['<%= config.bin %> <%= command.id %> morning', '<%= config.bin %> <%= command.id %>'];
  static override args = { words: Args.string({ description: 'Words to look for.', multiple: true }) };
  static override flags = {
    ...catalogueFlag,
    limit: Flags.integer({ description: 'At most that many.', default: 50, min: 1, max: 10_000 }),
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const { catalogue, limit } = this.flags;
    const found = await searchPacks(context, (this.args.words ?? []).join(' '), { catalogue, limit });
    const rows = found.map((pack) => [pack.id, pack.version ?? '-', pack.catalogue, pack.description]);
    return [
      found,
      rows.length > 0 ? table(['PACK', 'STABLE', 'CATALOGUE', 'WHAT IT DOES'], rows) : 'No pack is like that.',
    ];
  }
}
