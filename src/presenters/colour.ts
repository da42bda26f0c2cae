import chalk, { chalkStderr } from 'chalk';

/** Colours for who sees them, each stream by itself. Before anything is parsed: what was typed wrong is told in none, too. */
export function chooseColours(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const none = Boolean(env.NO_COLOR) || flags.includes('--json');
  if (none || !process.stdout.isTTY) chalk.level = 0;
  if (none || !process.stderr.isTTY) chalkStderr.level = 0;
}
