// Plain JavaScript for whatever node the system has: nothing is installed yet when this runs.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs the lock file's packages unless they are there. */
export function ensureDependencies() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error('installing dependencies (npm ci) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** The node that the project pins; it came with the dependencies. */
export function pinnedNode() {
  const node = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(node)) return node;
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node;
  const [major] = process.versions.node.split('.').map(Number);
  if (major >= 24) return process.execPath;
  console.error(
    `No node ${wanted} for ${process.platform}-${process.arch} comes with the dependencies.\nNext: install Node.js 24 from https://nodejs.org and run the same command again.`,
  );
  process.exit(2);
}

/** Variables for what runs under the pinned node. */
export function pinnedEnv() {
  return { ...process.env, PATH: `${dirname(pinnedNode())}:${join(root, 'node_modules', '.bin')}:${process.env.PATH}` };
}

/** Runs a command in the project, output and all; ends with its exit code when that is not 0. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status || 1);
}
