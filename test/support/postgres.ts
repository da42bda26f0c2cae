import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const ROOT = '/usr/lib/postgresql';

/** A real server of its own, on a random loopback port. */
export interface TestPostgres {
  /** Makes an empty database. @returns its URL, with a password in it. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

/** Folder of the newest installed server's programs, or undefined. */
export function postgresBin(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const versions = readdirSync(ROOT).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(ROOT, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

export async function startPostgres(bin: string): Promise<TestPostgres> {
  const dir = mkdtempSync(join(tmpdir(), 'chp-postgres-'));
  const data = join(dir, 'data');
  const runner = notRoot(dir);
  const quiet: { cwd: string; stdio: ['ignore', 'ignore', 'pipe'] } = { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] };
  execFileSync(
    runner[0],
    [...runner[1], join(bin, 'initdb'), '-D', data, '-U', 'chp', '-A', 'trust', '-N', '-E', 'UTF8'],
    quiet,
  );
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '200',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(runner[0], [...runner[1], join(bin, 'postgres'), '-D', data, ...flags], quiet);
  let log = '';
  server.stderr?.on('data', (text) => {
    log = (log + text).slice(-4000);
  });
  const url = (name: string) => `postgres://chp:unused-password@127.0.0.1:${port}/${name}`;
  await ready(url('postgres'), server, () => log);
  let made = 0;
  return {
    async database() {
      const name = `registry_${++made}`;
      await once(url('postgres'), `create database ${name}`);
      return url(name);
    },
    async stop() {
      await stopServer(server);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** One statement on a connection of its own. */
export async function once(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(text);
    return rows ?? [];
  } finally {
    await client.end();
  }
}

/** Postgres refuses to run as root. The server ends when the tests do, however they end. */
function notRoot(dir: string): [string, string[]] {
  const common = ['--pdeathsig', 'SIGINT'];
  if (process.getuid?.() !== 0) return ['setpriv', common];
  const user = ['postgres', 'nobody'].find((name) => idOf('-u', name) !== undefined) ?? 'nobody';
  const uid = idOf('-u', user) ?? '65534';
  const gid = idOf('-g', user) ?? '65534';
  chmodSync(dir, 0o711);
  execFileSync('chown', [`${uid}:${gid}`, dir]);
  return ['setpriv', ['--reuid', uid, '--regid', gid, '--clear-groups', ...common]];
}

function idOf(flag: string, user: string): string | undefined {
  try {
    return execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

async function ready(url: string, server: ChildProcess, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    if (server.exitCode !== null) throw new Error(`postgres ended:\n${log()}`);
    try {
      await once(url, 'select 1');
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new Error(`postgres does not answer:\n${log()}`);
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  await Promise.race([ended, sleep(10_000, undefined, { ref: false })]);
  if (server.exitCode === null) server.kill('SIGQUIT');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
