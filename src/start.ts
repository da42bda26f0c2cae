import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Config, type Interfaces, run } from '@oclif/core';
import { chooseColours } from './presenters/colour.ts';
import { asChpError, reportError } from './presenters/error.ts';
import { unknownCommand } from './presenters/usage.ts';

/** Runs one command of the CLI that lies in `root`. */
export async function start(argv: string[], root: string, pjson: Interfaces.PJSON): Promise<void> {
  // A reader that is gone (`chp audit list | head`) ends the output, and is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  chooseColours(argv, process.env);
  let config: Config | undefined;
  try {
    config = await Config.load({ root, pjson: commandsOf(root, pjson) });
    await run(argv, config);
  } catch (error) {
    const fault = error as Error & { oclif?: { exit?: number }; code?: string };
    if (fault.code === 'EEXIT') {
      process.exitCode = fault.oclif?.exit ?? 0;
      return;
    }
    const unknown = /^command (\S+) not found\.?$/i.exec(fault.message)?.[1];
    const shown = unknown === undefined ? asChpError(error) : unknownCommand(unknown, config?.commandIDs ?? []);
    reportError(shown, argv);
    process.exitCode = shown.exitCode;
  }
}

/** The package's own words to oclif, with the commands where they are: sources in a checkout, else what was built. */
export function commandsOf(root: string, pjson: Interfaces.PJSON): Interfaces.PJSON {
  const [dir, ext] = existsSync(join(root, 'src')) ? ['./src', 'ts'] : ['./dist', 'js'];
  const commands = {
    strategy: 'pattern',
    target: `${dir}/commands`,
    globPatterns: [`**/*.${ext}`, '!base.*', '!args.*'],
  };
  return {
    ...pjson,
    oclif: { ...pjson.oclif, commands, helpClass: `${dir}/presenters/help.${ext}` },
  } as Interfaces.PJSON;
}
