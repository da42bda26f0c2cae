// What the tests need beside npm packages, how it is got, and which test files can't run without it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { root } from './dependencies.js';

const isRoot = process.getuid?.() === 0;
const answers = (...argv) => spawnSync(argv[0], argv.slice(1), { stdio: 'ignore', timeout: 20_000 }).status === 0;
const onPath = (tool) => answers('sh', '-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`);
const hasPostgres = () =>
  existsSync('/usr/lib/postgresql') &&
  readdirSync('/usr/lib/postgresql').some((version) => existsSync(`/usr/lib/postgresql/${version}/bin/initdb`));

/** As test/support/runtime-bundle.ts has it. */
const motoDir = join(process.env.CHP_TEST_CACHE ?? join(tmpdir(), 'chp-test-cache'), 'moto');
const hasMoto = () => answers(join(motoDir, 'bin', 'python'), '-c', 'import moto.moto_server.werkzeug_app');
function makeMoto() {
  rmSync(motoDir, { recursive: true, force: true });
  const steps = [
    ['python3', '-m', 'venv', motoDir],
    [join(motoDir, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', 'moto[server,s3]==5.*'],
  ];
  return steps.every(([command, ...args]) => spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status === 0);
}

/** `markers`: support modules; a test that imports one of them, however deep, needs the part. */
const PARTS = [
  { name: 'Postgres', packages: ['postgresql'], present: hasPostgres, markers: ['test/support/postgres.ts'] },
  {
    name: 'Radicale (a CalDAV server)',
    packages: ['radicale', 'python3-tz'],
    present: () => onPath('radicale'),
    markers: ['test/support/radicale.ts'],
  },
  { name: 'restic', packages: ['restic'], present: () => onPath('restic'), markers: ['test/support/restic.ts'] },
  {
    name: 'OpenSSH',
    packages: ['openssh-client', 'openssh-server'],
    present: () => onPath('ssh-keygen') && onPath('sshd'),
    markers: ['test/hosts/hosts.ts'],
  },
  {
    name: 'OpenSSH and login shells',
    packages: ['openssh-client', 'openssh-server', 'procps', 'tcsh', 'fish'],
    present: () => ['ssh', 'ssh-agent', 'sshd', 'ps', 'tcsh', 'fish'].every(onPath),
    marker: 'test/support/sshd.ts',
  },
  {
    name: 'host tools',
    packages: ['rsync', 'zstd', 'age', 'procps', 'util-linux'],
    present: () => ['rsync', 'zstd', 'age', 'ps', 'flock'].every(onPath),
    markers: ['test/hosts/hosts.ts'],
  },
  {
    name: 'Docker and debootstrap (test hosts with real systemd)',
    packages: ['docker.io', 'debootstrap', 'iptables'],
    present: () => onPath('dockerd') && onPath('debootstrap') && isRoot,
    ready: () => spawnSync(join(root, 'test', 'hosts', 'docker.sh'), { stdio: ['ignore', 2, 2] }).status === 0,
    markers: ['test/hosts/hosts.ts', 'test/hosts/compose.ts'],
  },
  {
    name: 'Docker Compose',
    packages: ['docker-compose'],
    present: () => onPath('docker-compose') || answers('docker', 'compose', 'version'),
    markers: ['test/hosts/compose.ts'],
  },
  {
    name: 'Python with moto (an AWS endpoint)',
    packages: ['python3', 'python3-venv'],
    present: () => answers('python3', '-c', 'import ensurepip, venv'),
    ready: () => hasMoto() || makeMoto(),
    markers: ['test/support/moto.ts'],
  },
];

/**
 * Installs what is missing where that is possible (root and apt-get).
 * @returns what still is missing: its name, how to get it, and the test files to leave out
 */
export function prepareParts() {
  const missing = PARTS.filter((part) => !part.present());
  if (missing.length > 0 && isRoot && onPath('apt-get')) install(missing.flatMap((part) => part.packages));
  const lacking = PARTS.filter((part) => !(part.present() && (part.ready?.() ?? true)));
  const tests = lacking.length > 0 ? testFiles(join(root, 'test')) : [];
  return lacking.map((part) => ({
    name: part.name,
    how: `as root: apt-get install ${part.packages.join(' ')}${isRoot ? '' : ', and run npm test as root'}`,
    files: tests
      .filter((file) => part.markers.some((marker) => imports(file, join(root, marker))))
      .map((file) => relative(root, file)),
  }));
}

function install(packages) {
  process.stderr.write(`Installing what the tests need: ${packages.join(' ')} …\n`);
  const apt = (...argv) =>
    spawnSync('apt-get', ['-qq', ...argv], {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  if (!apt('update')) process.stderr.write('apt-get update failed; going on with what is there\n');
  if (!apt('install', '-y', '--no-install-recommends', ...packages)) process.stderr.write('apt-get install failed\n');
}

function testFiles(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}

/** Whether `file` imports `target`, directly or through others of test/. */
function imports(file, target, seen = new Set()) {
  if (file === target) return true;
  if (seen.has(file) || !existsSync(file)) return false;
  seen.add(file);
  const found = readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g);
  return [...found].some(([, path]) => imports(resolve(dirname(file), path), target, seen));
}
