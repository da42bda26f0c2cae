import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { latestVersion, migrationsFor } from '../../../src/adapters/registry/migrations.ts';
import { openRegistry } from '../../../src/adapters/registry/open.ts';
import { openSqlite } from '../../../src/adapters/registry/sqlite/backend.ts';
import { verifyAudit } from '../../../src/core/audit.ts';
import { chpHome } from '../../../src/core/home.ts';
import { hanging, run, WORKER } from './processes.ts';
import { codeOf, registrySuite, smith, type Target } from './suite.ts';

async function fresh(): Promise<Target> {
  const dir = mkdtempSync(join(tmpdir(), 'chp-sqlite-'));
  const home = join(dir, 'home');
  return {
    env: { CHP_HOME: home, CHP_DATABASE_URL: '' },
    async sql(text) {
      const database = new DatabaseSync(join(home, 'registry.db'), { timeout: 5000 });
      try {
        if (text.startsWith('select')) return database.prepare(text).all();
        database.exec(text);
        return [];
      } finally {
        database.close();
      }
    },
    async dump() {
      const files = readdirSync(home).filter((name) => name.startsWith('registry.db'));
      return files.map((name) => readFileSync(join(home, name), 'latin1')).join('\n');
    },
    remove: async () => rmSync(dir, { recursive: true, force: true }),
  };
}

registrySuite('SQLite', fresh);

describe('the SQLite file', () => {
  let target: Target;
  let path: string;
  beforeEach(async () => {
    target = await fresh();
    path = chpHome(target.env).registry;
    await using registry = await openRegistry(target.env);
    await registry.createTenant(smith, [{ id: 'ana', name: 'Ana', role: 'Admin' }]);
  });
  afterEach(() => target.remove());

  test('is private, and leaves nothing else behind', () => {
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
    expect([mode(chpHome(target.env).dir), mode(path), mode(`${path}.bak`)]).toEqual(['700', '600', '600']);
    expect(readdirSync(chpHome(target.env).dir).sort()).toEqual(['registry.db', 'registry.db.bak']);
  });

  const damages: [string, (path: string) => void][] = [
    ['an empty file', (file) => truncateSync(file, 0)],
    ['a file cut in the header', (file) => truncateSync(file, 50)],
    ['a file cut in the middle', (file) => truncateSync(file, Math.floor(statSync(file).size / 2))],
    ['a file cut by one byte', (file) => truncateSync(file, statSync(file).size - 1)],
    ['a header of something else', (file) => writeSync(openSync(file, 'r+'), 'PK', 0)],
    ['a text file', (file) => writeFileSync(file, 'schema: 1\n'.repeat(100))],
    ['a page of noise', (file) => writeSync(openSync(file, 'r+'), Buffer.alloc(4096, 0xa5), 0, 4096, 4096)],
    [
      'a database of another program',
      (file) => {
        rmSync(file);
        new DatabaseSync(file).exec('create table t (a)');
      },
    ],
  ];
  test.each(damages)('%s is refused, left as it is, and the way out works', async (_name, damage) => {
    damage(path);
    const before = readFileSync(path);
    const error = await openRegistry(target.env).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'REGISTRY_CORRUPT', exitCode: 11, details: { backup: `${path}.bak` } });
    expect(readFileSync(path).equals(before)).toBe(true);
    const way = error.next.find((line: string) => line.includes('cp -p')).replace(/^[^:]*: /, '');
    execFileSync('sh', ['-c', way]);
    await using registry = await openRegistry(target.env);
    expect(await registry.members('smith')).toHaveLength(1);
  });

  test('a file that is gone is not made again while its copy or its log is there', async () => {
    rmSync(path);
    expect(await codeOf(openRegistry(target.env))).toBe('REGISTRY_CORRUPT');
    rmSync(`${path}.bak`);
    appendFileSync(`${path}-wal`, 'log');
    expect(await codeOf(openRegistry(target.env))).toBe('REGISTRY_CORRUPT');
    expect(existsSync(path)).toBe(false);
  });

  test('a file that another process makes meanwhile is used, not replaced', async () => {
    const other = await fresh();
    let made = false;
    const migrations = migrationsFor('sqlite').map((step) => ({
      ...step,
      get statements() {
        if (!made)
          execFileSync(process.execPath, [WORKER, 'create', 'jones'], { env: { ...process.env, ...other.env } });
        made = true;
        return step.statements;
      },
    }));
    const backend = openSqlite(chpHome(other.env), migrations);
    const names = await backend.read((db) => db.selectFrom('tenants').select('name').execute());
    await backend.close();
    expect(names).toEqual([{ name: 'jones' }]);
    expect(readdirSync(chpHome(other.env).dir).filter((name) => name.startsWith('.'))).toEqual([]);
    await other.remove();
  });

  test('without a copy the error says so', async () => {
    rmSync(`${path}.bak`);
    truncateSync(path, 10);
    await expect(openRegistry(target.env)).rejects.toMatchObject({
      code: 'REGISTRY_CORRUPT',
      details: { backup: null },
    });
  });

  test('damage in a large file, found only by a query, has the same error', async () => {
    const document = 'x'.repeat(3 << 20);
    {
      await using writer = await openRegistry(target.env);
      await writer.createTenant({ ...smith, name: 'large', document }, []);
    }
    writeSync(openSync(path, 'r+'), Buffer.alloc(40_960, 0xa5), 0, 40_960, 4096);
    await using registry = await openRegistry(target.env);
    expect(await codeOf(registry.tenants())).toBe('REGISTRY_CORRUPT');
  });

  test('is copied before a schema step, and put back whole when the step fails', async () => {
    rmSync(`${path}.bak`);
    const bad = {
      version: latestVersion(migrationsFor('sqlite')) + 1,
      name: 'bad',
      statements: ['create table added (a)', 'create table nonsense ('],
    };
    expect(() => openSqlite(chpHome(target.env), [...migrationsFor('sqlite'), bad])).toThrow(/can't be used/);
    const copy = new DatabaseSync(`${path}.bak`, { readOnly: true });
    expect(copy.prepare('select name from tenants').all()).toMatchObject([{ name: 'smith' }]);
    copy.close();
    await using registry = await openRegistry(target.env);
    expect(await registry.tenants()).toHaveLength(1);
    expect(await target.sql("select name from sqlite_master where name = 'added'")).toEqual([]);
  });

  test('its copy is renewed by a run that writes, once a day', async () => {
    const copied = () =>
      new DatabaseSync(`${path}.bak`, { readOnly: true }).prepare('select name from tenants').all().length;
    await run(target.env, 'create', 'jones');
    expect(copied()).toBe(1);
    const yesterday = Date.now() / 1000 - 25 * 3600;
    utimesSync(`${path}.bak`, yesterday, yesterday);
    await run(target.env, 'create', 'brown');
    expect(copied()).toBe(3);
  });

  test('a log left by a killed process is read, not lost', async () => {
    await using worker = await hanging(target.env, 'job', 'smith');
    await worker.kill();
    expect(existsSync(`${path}-wal`)).toBe(true);
    await using registry = await openRegistry(target.env);
    expect(await registry.jobs('smith')).toMatchObject([{ id: worker.said, state: 'running' }]);
  });

  test('a disk that is full says so, and loses nothing that was written', async () => {
    // What a full disk does, without root: the kernel refuses to let any file grow past 256 KiB.
    const limited = `trap '' XFSZ; ulimit -f 512; exec "$@"`;
    const argv = ['-c', limited, 'sh', process.execPath, WORKER, 'audit', 'smith', '1000'];
    const { status, stdout } = spawnSync('sh', argv, { env: { ...process.env, ...target.env }, encoding: 'utf8' });
    expect(status).toBe(1);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', why: expect.stringMatching(/disk/) });
    await using registry = await openRegistry(target.env);
    const entries = await registry.audit();
    expect(entries.length).toBeGreaterThan(10);
    const publicKeys = (await registry.auditKeys()).map(({ publicKey }) => publicKey);
    expect(verifyAudit(entries, publicKeys, { head: await registry.auditHead() })).toMatchObject({ ok: true });
  });

  test('a folder in its place is said, not thrown raw', async () => {
    rmSync(path);
    mkdirSync(path);
    expect(await codeOf(openRegistry(target.env))).toBe('REGISTRY_UNAVAILABLE');
  });
});
