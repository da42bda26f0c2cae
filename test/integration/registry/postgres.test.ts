import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { latestVersion, migrationsFor } from '../../../src/adapters/registry/migrations.ts';
import { openRegistry } from '../../../src/adapters/registry/open.ts';
import { openPostgres } from '../../../src/adapters/registry/postgres/backend.ts';
import { once, postgresBin, startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { codeOf, registrySuite, smith, type Target } from './suite.ts';

const bin = postgresBin();
const missing = 'Postgres is not installed (Debian: apt-get install postgresql)';
if (!bin && process.env.CI === 'true') throw new Error(missing);

const TABLES = [
  'tenants',
  'members',
  'generations',
  'jobs',
  'job_steps',
  'secrets',
  'skills',
  'rollouts',
  'rollout_tenants',
  'audit',
  'audit_head',
  'audit_keys',
  'locks',
];
let server: TestPostgres;

async function fresh(): Promise<Target> {
  const home = mkdtempSync(join(tmpdir(), 'chp-postgres-home-'));
  const url = await server.database();
  return {
    env: { CHP_HOME: home, CHP_DATABASE_URL: url },
    sql: (text) => once(url, text),
    async dump() {
      const rows = await Promise.all(TABLES.map((table) => once(url, `select * from ${table}`)));
      return JSON.stringify(rows);
    },
    remove: async () => rmSync(home, { recursive: true, force: true }),
  };
}

describe.skipIf(!bin)(bin ? 'Postgres' : missing, () => {
  beforeAll(async () => {
    server = await startPostgres(bin as string);
  });
  afterAll(() => server.stop());

  registrySuite('Postgres', fresh);

  describe('the Postgres server', () => {
    test('its password is in no location and no error', async () => {
      const target = await fresh();
      await using registry = await openRegistry(target.env);
      expect(registry.location).toMatch(/^postgres:\/\/chp@127\.0\.0\.1:\d+\/registry_\d+$/);
      for (const url of ['postgres://u:hunter22@127.0.0.1:1/db', 'mysql://u:hunter22@h/db', 'hunter22']) {
        const error = await openRegistry({ ...target.env, CHP_DATABASE_URL: url }).catch((caught) => caught);
        expect(error.code).toMatch(/^(REGISTRY_UNAVAILABLE|BAD_INPUT)$/);
        expect(JSON.stringify(error)).not.toContain('hunter22');
      }
      await target.remove();
    });

    test('cut connections are made again; a cut session frees its lock', async () => {
      const target = await fresh();
      await using registry = await openRegistry(target.env);
      await registry.createTenant(smith, []);
      const lock = await registry.lock('smith', 'first', { waitMs: 0 });
      await target.sql(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      await expect.poll(() => codeOf(registry.tenant('smith'))).toBe('no error');
      await using _again = await registry.lock('smith', 'second', { waitMs: 2000 });
      await lock.release();
      await target.remove();
    });

    test('a schema step that fails is undone as a whole', async () => {
      const target = await fresh();
      await (await openRegistry(target.env)).close();
      const bad = {
        version: latestVersion(migrationsFor('postgres')) + 1,
        name: 'bad',
        statements: ['create table added (a int)', 'create table nonsense ('],
      };
      await expect(
        openPostgres(target.env.CHP_DATABASE_URL as string, [...migrationsFor('postgres'), bad]),
      ).rejects.toThrow();
      expect(await target.sql("select 1 from pg_tables where tablename = 'added'")).toEqual([]);
      await (await openRegistry(target.env)).close();
      await target.remove();
    });
  });
});
