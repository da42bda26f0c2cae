import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Starts chp: a checkout from its sources, the published package from what was built. */
export async function main(argv) {
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
    // The question that scripts ask most is answered before anything is loaded.
    process.stdout.write(
      `${pjson.name}/${pjson.version} ${process.platform}-${process.arch} node-${process.version}\n`,
    );
    return;
  }
  cacheCompiledCode(process.env);
  const { start } = existsSync(join(root, 'src')) ? await import('../src/start.ts') : await import('../dist/start.js');
  await start(argv, root, pjson);
}

/**
 * Keeps compiled code between runs, where only this user can write: Node's default is below /tmp, where somebody else
 * could lay code for us to run. Makes no folder of chp's before there is one.
 */
function cacheCompiledCode(env) {
  const home = env.CHP_HOME || join(homedir(), '.chp');
  if (existsSync(home)) enableCompileCache(join(home, 'cache', 'compiled'));
}
