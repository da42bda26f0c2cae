// Plain JavaScript for any node since 18: this runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WANTED = [24, 15];

/** Installs what package-lock.json names, unless it lies there already. Ends the process when npm can't. */
export function installDependencies() {
  if (isInstalled()) return;
  process.stderr.write('Installing what package-lock.json names (npm ci) …\n');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  });
  if (npm.status === 0) return;
  process.stderr.write(
    'npm ci failed.\nNext: read its words above; it needs a reachable npm registry and write access here.\n',
  );
  process.exit(npm.status === null ? 1 : npm.status);
}

/** Path of a node that is new enough: this one, or the one that came with the dependencies. */
export function newNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])) return process.execPath;
  const shipped = join(ROOT, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(shipped)) return shipped;
  process.stderr.write(
    `This needs Node.js ${WANTED.join('.')} or later; this is ${process.versions.node}, and none is shipped for ` +
      `${process.platform}-${process.arch}.\nNext: install Node.js 24 (https://nodejs.org).\n`,
  );
  return process.exit(2);
}

/** The environment in which `node` and the tools of node_modules are ours. */
export function environment(node) {
  const path = [join(node, '..'), join(ROOT, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);
  return { ...process.env, PATH: path };
}

/** True when node_modules holds every version that the lockfile names, as npm recorded it. */
function isInstalled() {
  const packages = (name) => JSON.parse(readFileSync(join(ROOT, name), 'utf8')).packages;
  if (!existsSync(join(ROOT, 'node_modules', '.package-lock.json'))) return false;
  const installed = packages('node_modules/.package-lock.json');
  return Object.entries(packages('package-lock.json')).every(
    ([path, wanted]) =>
      path === '' || installed[path]?.version === wanted.version || (wanted.optional && !installed[path]),
  );
}
