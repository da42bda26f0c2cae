/** One chp process among many. `node worker.ts <what> <args…>`; the registry is the environment's. */
import { randomUUID } from 'node:crypto';
import { latestVersion, migrationsFor } from '../../../src/adapters/registry/migrations.ts';
import { openRegistry } from '../../../src/adapters/registry/open.ts';
import { openPostgres } from '../../../src/adapters/registry/postgres/backend.ts';
import { createTenant } from '../../../src/adapters/registry/queries/tenants.ts';
import { openSqlite } from '../../../src/adapters/registry/sqlite/backend.ts';
import { sha256 } from '../../../src/core/digest.ts';
import { ChpError } from '../../../src/core/errors.ts';
import { chpHome } from '../../../src/core/home.ts';

const [what, ...args] = process.argv.slice(2);
const [name = '', count = '1'] = args;
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
/** Until it is killed, or the tests end, however they end. */
const forever = () => new Promise<never>(() => process.stdin.resume().on('end', () => process.exit()));
const record = { name, topology: 'hub', host: 'local', document: 'schema: 1\n' } as const;
const url = process.env.CHP_DATABASE_URL;

const jobs: Record<string, () => Promise<void>> = {
  async audit() {
    await using registry = await openRegistry();
    for (let i = 0; i < Number(count); i++)
      await registry.appendAudit({ actor: `pid ${process.pid}`, action: 'test', tenant: name, details: { i } });
  },
  async create() {
    await using registry = await openRegistry();
    say(await registry.createTenant(record, []));
  },
  async generations() {
    await using registry = await openRegistry();
    for (let i = 0; i < Number(count); i++)
      say((await registry.addGeneration(name, sha256(randomUUID()), '{}')).number);
  },
  async lock() {
    const registry = await openRegistry();
    await registry.lock(name, 'hold the lock', { waitMs: 0 });
    say('held');
    await forever();
  },
  async 'rollout-lock'() {
    const registry = await openRegistry();
    await registry.lockRollout(name, 'run it', { waitMs: 0 });
    say('held');
    await forever();
  },
  async job() {
    const registry = await openRegistry();
    await registry.lock(name, 'run a job', { waitMs: 0 });
    const job = await registry.startJob(name, 'apply', 'tester');
    await registry.beginStep(job.id, 'plan');
    await registry.endStep(job.id, 'plan');
    await registry.beginStep(job.id, 'push');
    say(job.id);
    await forever();
  },
  async transaction() {
    const backend = url ? await openPostgres(url) : openSqlite(chpHome());
    await backend.write(async (tx) => {
      await backend.serialise(tx, 'audit');
      await createTenant(tx, record, [{ id: 'ana', name: 'Ana', role: 'Admin' }]);
      say('inside');
      await forever();
    });
  },
  async migrate() {
    const dialect = url ? 'postgres' : 'sqlite';
    const known = migrationsFor(dialect);
    const next = [
      ...known,
      {
        version: latestVersion(known) + 1,
        name: 'second',
        statements: ['create table added (id integer primary key)'],
      },
    ];
    const backend = url ? await openPostgres(url, next) : openSqlite(chpHome(), next);
    await backend.close();
  },
};

// All of a group begin in the same millisecond, whatever their start-up took.
while (Date.now() < Number(process.env.CHP_TEST_BEGIN_AT ?? 0));

try {
  await jobs[what ?? '']?.();
} catch (error) {
  say({ error: error instanceof ChpError ? error.toJSON() : { code: String(error) } });
  process.exitCode = 1;
}
