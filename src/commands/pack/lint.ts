import { Args } from '@oclif/core';
import type { Context } from '../../operations/context.ts';
import { lintPacks } from '../../operations/packs/lint-packs.ts';
import { presentLint } from '../../presenters/pack.ts';
import { ChpCommand } from '../base.ts';

export default class PackLint extends ChpCommand<typeof PackLint> {
  static override summary = 'Check packs: every problem at once, with file, line and column.';
  static override description =
    'Packs that are given together may start each other. With an error the exit code is 2; warnings alone are printed.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> .',
    '<%= config.bin %> <%= command.id %> workflow-packs/*',
  ];
  static override strict = false;
  static override args = { dir: Args.string({ description: 'Folders with a pack.yaml.', required: true }) };

  protected async perform(_: Context): Promise<[unknown, string]> {
    const packs = await lintPacks(this.argv.filter((word) => !word.startsWith('-')));
    return [packs, presentLint(packs)];
  }
}
