// Understood by every node since 12.20, like run.js.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Starts chp again with the node that came with it, or says how to get one. Ends as that one ends. */
export function runWithShippedNode(wanted) {
  const node = shippedNode();
  if (!node) {
    process.stderr.write(
      `chp needs Node.js ${wanted} or later; this is ${process.versions.node}.\n` +
        'Next: install Node.js 24 (https://nodejs.org), or install chp with its optional dependencies (in a checkout:\n' +
        '      npm ci): they bring one along.\n',
    );
    process.exit(2);
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; every other signal reaches only us.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`chp: ${node} can't be started: ${error.message}\n`);
    process.exit(2);
  });
  child.on('close', (code, signal) => {
    if (!signal) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
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
