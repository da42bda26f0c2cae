import { Args, Command, Flags } from '@oclif/core';
import ChpHelp from '../presenters/help.ts';

export default class HelpCommand extends Command {
  static override summary = 'Show help for chp, a topic or a command.';
  static override examples = ['<%= config.bin %> help', '<%= config.bin %> help tenant create'];
  static override strict = false;
  static override args = { command: Args.string({ description: 'Topic or command.' }) };
  static override flags = {
    'nested-commands': Flags.boolean({ char: 'n', description: 'List all commands, of every topic.' }),
  };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(HelpCommand);
    await new ChpHelp(this.config, { all: flags['nested-commands'] }).showHelp(argv as string[]);
  }
}
