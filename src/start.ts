import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Config, type Interfaces, run } from '@oclif/core';
import { asChpError, presentError } from './presenters/error.ts';

/** Runs one command of the CLI that lies in `root`. */
export async function start(argv: string[], root: string, pjson: Interfaces.PJSON): Promise<void> {
  try {
    const config = await Config.load({ root, pjson: commandsOf(root, pjson) });
    await run(argv, config);
  } catch (error) {
    const fault = error as Error & { oclif?: { exit?: number }; code?: string };
    if (fault.code === 'EEXIT') {
      process.exitCode = fault.oclif?.exit ?? 0;
      return;
    }
    const shown = asChpError(error);
    process.stderr.write(`${presentError(shown)}\n`);
    process.exitCode = fault.oclif?.exit ?? shown.exitCode;
  }
}

/** The package's own words to oclif, with the commands where they are: sources in a checkout, else what was built. */
export function commandsOf(root: string, pjson: Interfaces.PJSON): Interfaces.PJSON {
  const target = existsSync(join(root, 'src')) ? './src/commands' : './dist/commands';
  const globPatterns = ['**/*.{ts,js}', '!base.*', '!args.*', '!**/*.d.ts'];
  return {
    ...pjson,
    oclif: { ...pjson.oclif, commands: { strategy: 'pattern', target, globPatterns } },
  } as Interfaces.PJSON;
}
