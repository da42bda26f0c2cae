import { ensureDependencies, pinnedEnv, pinnedNode, run } from './dependencies.js';

ensureDependencies();
run(pinnedNode(), ['bin/run.js', 'quickstart', ...process.argv.slice(2)], { env: pinnedEnv() });
