import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Config, type Interfaces, run } from '@oclif/core';
import { asChpError, presentError } from './presenters/error.ts';

/** Runs one command of the CLI that lies in `root`. */
export async function start(argv: string[], root: string, pjson: Interfaces.PJSON): Promise<void> {
  const commands = existsSync(join(root, 'src')) ? './src/commands' : './dist/commands';
  const oclif = { ...pjson.oclif, commands: { strategy: 'pattern' as const, target: commands, globPatterns: ['**/*.{ts,js}', '!base.*', '!args.*', '!**/*.d.ts'] } };
  try {
    const config = await Config.load({ root, pjson: { ...pjson, oclif } as Interfaces.PJSON });
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
