// `npm test`: installs what the tests need, runs them all, and says what could not run and how to get it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, pinnedEnv, pinnedNode, root, run } from './dependencies.js';

const inCi = process.env.CI === 'true';
const left = [];

ensureDependencies();
installSystemPackages();
const env = pinnedEnv();
const node = pinnedNode();

step('lint', ['node_modules/@biomejs/biome/bin/biome', 'ci', '--diagnostic-level=error', '.']);
step('types', ['node_modules/typescript/bin/tsc']);
step('generated files', ['scripts/manifest.ts', '--check']);
step('licences', ['scripts/licences.ts']);

const projects = ['unit', 'integration', ...(dockerRuns() ? ['e2e'] : [])];
const report = join(tmpdir(), `chp-test-${process.pid}.json`);
const vitest = spawnSync(
  node,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit', env },
);
const {
  numPassedTests = 0,
  numFailedTests = 0,
  numPendingTests = 0,
} = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
rmSync(report, { force: true });

for (const { what, how } of left) console.log(`left out: ${what}. To run it: ${how}`);
const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
console.log(`${numPassedTests} passed, ${numFailedTests} failed${skipped}`);
if (inCi && (left.length > 0 || numPendingTests > 0)) {
  console.error('Under CI=true everything must run.');
  process.exit(1);
}
process.exit(vitest.status === null ? 1 : vitest.status);

function step(name, args) {
  console.log(`== ${name}`);
  run(node, args, { env });
}

function installSystemPackages() {
  const tools = {
    flock: 'util-linux',
    'ssh-keygen': 'openssh-client',
    rsync: 'rsync',
    zstd: 'zstd',
    age: 'age',
    debootstrap: 'debootstrap',
    dockerd: 'docker.io',
    sshd: 'openssh-server',
    iptables: 'iptables',
  };
  const wanted = Object.entries(tools)
    .filter(([tool]) => !onPath(tool))
    .map(([, name]) => name);
  if (!existsSync('/usr/lib/postgresql') || readdirSync('/usr/lib/postgresql').length === 0) wanted.push('postgresql');
  if (wanted.length === 0) return;
  if (process.getuid() === 0 && onPath('apt-get')) {
    console.log(`== installing ${wanted.join(', ')}`);
    const quiet = {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    };
    run('apt-get', ['update', '-qq'], quiet);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wanted], quiet);
    return;
  }
  left.push({ what: `what needs ${wanted.join(', ')}`, how: `sudo apt-get install ${wanted.join(' ')}` });
}

function dockerRuns() {
  if (
    spawnSync(join(root, 'test/hosts/docker.sh'), [], { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0 &&
    (process.getuid() === 0 || inCi)
  )
    return true;
  left.push({
    what: 'end-to-end tests on real hosts',
    how: 'run npm test as root on a Debian-like machine; it installs and starts Docker',
  });
  return false;
}

function onPath(tool) {
  return [...(process.env.PATH || '').split(':'), '/usr/sbin', '/sbin'].some((dir) => existsSync(join(dir, tool)));
}
