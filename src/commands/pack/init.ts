import { Args, Flags } from '@oclif/core';
import { ChpError } from '../../core/errors.ts';
import type { Context } from '../../operations/context.ts';
import { idOfFolder, initPack } from '../../operations/packs/init-pack.ts';
import { presentInit } from '../../presenters/pack.ts';
import { yesFlag } from '../args.ts';
import { ChpCommand } from '../base.ts';

export default class PackInit extends ChpCommand<typeof PackInit> {
  static override summary = 'Begin a pack: a working one, with a prompt and fixtures that pass.';
  static override description = 'On a terminal it asks; elsewhere it takes flags, and defaults with --yes.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> garden-watch',
    '<%= config.bin %> <%= command.id %> garden-watch --yes --description "Reminds us to water the garden"',
  ];
  static override args = { dir: Args.string({ description: 'Folder of the pack; by default the current one.' }) };
  static override flags = {
    id: Flags.string({ description: 'Name in the catalogue; by default the folder’s.' }),
    description: Flags.string({ description: 'What a family gets.' }),
    author: Flags.string({ description: 'Name <address>; by default who you are here.' }),
    ...yesFlag,
  };

  protected async perform(context: Context): Promise<[unknown, string]> {
    const dir = this.args.dir ?? '.';
    const { id, description, author, yes } = this.flags;
    const defaults = { id: idOfFolder(dir), description: 'What this pack does for a family.', author: context.actor };
    const given = { id, description, author };
    const asking = this.interactive && !yes;
    const lacking = Object.entries(given).filter(([, value]) => value === undefined);
    if (lacking.length > 0 && !asking && !yes)
      throw new ChpError('BAD_INPUT', `nobody is there to be asked for ${lacking.map(([name]) => name).join(', ')}`, {
        next: [`Say ${lacking.map(([name]) => `--${name}`).join(', ')}, or --yes for defaults.`],
      });
    const answers = asking ? await (await import('../../presenters/prompts.ts')).askPack(given, defaults) : {};
    const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const inited = await initPack({ dir, ...defaults, ...known, ...answers });
    return [inited, presentInit(inited)];
  }
}
