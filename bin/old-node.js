import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Starts chp again with the node that came with it, or says how to get one. */
export function runWithShippedNode(wanted) {
  const node = shippedNode();
  if (!node) {
    process.stderr.write(
      `chp needs Node.js ${wanted} or later; this is ${process.versions.node}.\n` +
        'Next: install Node.js 24 (https://nodejs.org), or install chp with its optional dependencies: they bring one along.\n',
    );
    process.exit(2);
  }
  const { status, signal } = spawnSync(node, process.argv.slice(1), { stdio: 'inherit' });
  if (signal) process.kill(process.pid, signal);
  process.exit(status === null ? 1 : status);
}

function shippedNode() {
  try {
    const require = createRequire(import.meta.url);
    const path = join(dirname(require.resolve(`node-${process.platform}-${process.arch}/package.json`)), 'bin', 'node');
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}
