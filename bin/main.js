import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Starts chp: a checkout from its sources, the published package from what was built. */
export async function main(argv) {
  const pjson = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
    // The question that scripts ask most is answered before anything is loaded.
    process.stdout.write(
      `${pjson.name}/${pjson.version} ${process.platform}-${process.arch} node-${process.version}\n`,
    );
    return;
  }
  enableCompileCache();
  const { start } = existsSync(`${root}/src`) ? await import('../src/start.ts') : await import('../dist/start.js');
  await start(argv, root, pjson);
}
