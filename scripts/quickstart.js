// `npm run quickstart [-- FLAGS]`: installs what is needed, then `chp quickstart`. Runs on the system's node.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { environment, installDependencies, newNode, ROOT } from './bootstrap.js';

installDependencies();
const node = newNode();
// The child gets the terminal's Ctrl-C itself; this one only waits for how it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
const chp = spawnSync(node, [join(ROOT, 'bin', 'run.js'), 'quickstart', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: environment(node),
});
process.exitCode = chp.status ?? 130;
