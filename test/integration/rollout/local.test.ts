import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askJob } from '../../../src/operations/jobs/steer-job.ts';
import { runLocally } from '../../../src/operations/rollout/run-local.ts';
import { once, postgresBin, startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { simulatedSteps } from '../../support/simulated-hubs.ts';
import { families, type SimulatedFleet, simulatedFleet, timesChanged } from './fleet.ts';

const bin = postgresBin();
const missing = 'Postgres is not installed (Debian: apt-get install postgresql)';
if (!bin && process.env.CI === 'true') throw new Error(missing);

const here = (fleet: SimulatedFleet, id: string, retry = false) =>
  runLocally(fleet.context, id, { retry }, simulatedSteps(fleet.hubs.port));
const counts = (result: { counts: Record<string, number> }) =>
  Object.fromEntries(Object.entries(result.counts).filter(([, count]) => count > 0));
test('two hundred families: ring after ring, canaries first and alone, never more at a time than may be, each once', async () => {
  await using fleet = await simulatedFleet(
    families(200, (index) => ({ labels: { ring: index % 10 === 0 ? 'early' : 'stable' } })),
  );
  const id = await fleet.start('g1', { rings: 'early,stable', canary: '3', batch: '50%', 'at-once': 16 });
  const result = await here(fleet, id);
  expect(result).toMatchObject({ state: 'done', reason: null });
  expect(counts(result)).toEqual({ done: 200 });
  expect(fleet.hubs.effects).toHaveLength(200);
  expect(new Set(timesChanged(fleet.hubs, 'g1').values())).toEqual(new Set([1]));
  expect(fleet.hubs.most).toBeGreaterThan(4);
  expect(fleet.hubs.most).toBeLessThanOrEqual(16);
  const wave = new Map(result.tenants.map((one) => [one.tenant, one.wave]));
  const order = fleet.hubs.effects.map(({ tenant }) => wave.get(tenant));
  expect([...new Set(order)]).toEqual([
    'canaries',
    'ring early 1 of 2',
    'ring early 2 of 2',
    'ring stable 1 of 2',
    'ring stable 2 of 2',
  ]);
  expect(order).toEqual(order.toSorted((a, b) => [...new Set(order)].indexOf(a) - [...new Set(order)].indexOf(b)));
  const actions = (await fleet.registry.audit({ limit: 500 })).map(({ action }) => action);
  expect(actions.filter((action) => action === 'tenant.apply')).toHaveLength(200);
  expect([actions[0], actions.at(-1)]).toEqual(['rollout.start', 'rollout.end']);
});

test('an offline hub and one outside its windows are left for later and block nobody; resume does them, and only them', async () => {
  await using fleet = await simulatedFleet(
    families(12, (index) => (index === 5 ? { maintenance: { pause: { reason: 'guests' } } } : {})),
  );
  fleet.hubs.be('t3', 'offline');
  const id = await fleet.start('g1');
  const first = await here(fleet, id);
  expect(first).toMatchObject({ state: 'partial', reason: '2 deferred' });
  expect(
    first.tenants
      .filter(({ state }) => state === 'deferred')
      .map(({ tenant, reason }) => [tenant, reason])
      .sort(),
  ).toEqual([
    ['t3', 'offline: no connection to t3'],
    ['t5', 'paused by the family: guests'],
  ]);
  expect(fleet.hubs.effects).toHaveLength(10);
  fleet.hubs.be('t3', 'well');
  expect(counts(await here(fleet, id))).toEqual({ done: 11, deferred: 1 });
  const { document, revision } = await fleet.registry.tenant('t5');
  const { maintenance: _, ...without } = JSON.parse(document);
  await fleet.registry.saveDocument('t5', JSON.stringify(without), revision, []);
  expect(await here(fleet, id)).toMatchObject({ state: 'done', counts: { done: 12 } });
  expect([...timesChanged(fleet.hubs, 'g1').values()]).toEqual(Array(12).fill(1));
});

test('halts at the first canary that fails; goes on when told; tries the failed one again only when told', async () => {
  await using fleet = await simulatedFleet(families(10));
  const id = await fleet.start('g1', { canary: '2', 'max-failures': '50%' });
  const canary = (await fleet.registry.rolloutTenants(id))[0]?.tenant ?? '';
  fleet.hubs.be(canary, 'broken');
  const halted = await here(fleet, id);
  expect(halted).toMatchObject({ state: 'halted', reason: expect.stringContaining(`${canary} failed`) });
  expect(counts(halted)).toEqual({ done: 1, failed: 1, waiting: 8 });
  expect(counts(await here(fleet, id))).toEqual({ done: 9, failed: 1 });
  fleet.hubs.be(canary, 'well');
  expect(await here(fleet, id, true)).toMatchObject({ state: 'done', counts: { done: 10 } });
  expect([...timesChanged(fleet.hubs, 'g1').values()]).toEqual(Array(10).fill(1));
});

test('what is ill after the soak halts it before the next wave', async () => {
  await using fleet = await simulatedFleet(families(6));
  const id = await fleet.start('g1', { 'soak-between': '300ms' });
  const canary = (await fleet.registry.rolloutTenants(id))[0]?.tenant ?? '';
  fleet.hubs.be(canary, 'ill-later');
  const result = await here(fleet, id);
  expect(result.tenants[0]).toMatchObject({ state: 'failed', reason: 'after the soak: the gateway answers no more' });
  expect(result.state).toBe('halted');
  expect(fleet.hubs.effects.map(({ tenant }) => tenant)).toEqual([canary]);
});

test('paused and cancelled from elsewhere: what runs is done to its end, nothing else is begun', async () => {
  await using fleet = await simulatedFleet(families(40), { takes: 60 });
  const id = await fleet.start('g1', { 'at-once': 4 });
  const running = fleet.run('run', id);
  await expect.poll(() => fleet.hubs.effects.length).toBeGreaterThan(4);
  expect(await askJob(fleet.context, id, 'pause')).toMatchObject({ wanted: 'pause' });
  const { said } = await running.ended;
  expect(said).toMatchObject({ state: 'paused', counts: { running: 0, failed: 0 } });
  expect(said.counts?.done).toBe(fleet.hubs.effects.length);
  expect(said.counts?.waiting).toBeGreaterThan(0);

  const again = fleet.run('run', id);
  await expect.poll(() => fleet.hubs.effects.length).toBeGreaterThan((said.counts?.done ?? 0) + 4);
  again.child.kill('SIGTERM');
  expect((await again.ended).said.state).toBe('paused');
  const last = await askJob(fleet.context, id, 'cancel');
  expect(last).toMatchObject({ state: 'cancelled', counts: { done: fleet.hubs.effects.length } });
});

describe.each(['SQLite', 'Postgres'])('a registry on %s', (database) => {
  describe.skipIf(database === 'Postgres' && !bin)(
    database === 'Postgres' && !bin ? missing : 'another chp goes on',
    () => {
      let server: TestPostgres | undefined;
      beforeAll(async () => {
        if (database === 'Postgres') server = await startPostgres(bin as string);
      });
      afterAll(async () => server?.stop());
      const fleetOf = async (count: number, takes: number) =>
        simulatedFleet(families(count), {
          takes,
          ...(server ? { env: { CHP_DATABASE_URL: await server.database() } } : {}),
        });

      test('killed three times: the next one goes on at once, and nothing is done twice or left between', async () => {
        await using fleet = await fleetOf(40, 40);
        const id = await fleet.start('g1', { 'at-once': 6 });
        for (const enough of [6, 15, 26]) {
          const runner = fleet.run('run', id);
          await expect.poll(() => fleet.hubs.effects.length).toBeGreaterThan(enough);
          await runner.kill();
          const left = await fleet.registry.rolloutTenants(id);
          expect(left.some(({ state }) => state === 'running')).toBe(true);
        }
        const [one, two] = await Promise.all([fleet.run('run', id).ended, fleet.run('run', id).ended]);
        const [winner, loser] = one.code === 0 ? [one, two] : [two, one];
        expect(winner.said).toMatchObject({ state: 'done', counts: { done: 40 } });
        // The other one came while it ran, or when it was over.
        if (loser.code !== 0) expect(loser.said.error?.code).toBe('LOCKED');
        expect([...timesChanged(fleet.hubs, 'g1').values()]).toEqual(Array(40).fill(1));
      });

      // SQLite’s lock is a file’s, and goes with its process alone.
      if (database === 'Postgres')
        test('one that lost its lock without knowing is fenced off: it begins nothing more', async () => {
          await using fleet = await fleetOf(40, 100);
          const id = await fleet.start('g1', { 'at-once': 4 });
          const zombie = fleet.run('run', id);
          await expect.poll(() => fleet.hubs.effects.length).toBeGreaterThan(4);
          await once(
            fleet.env.CHP_DATABASE_URL as string,
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'chp lock rollout%'`,
          );
          const next = fleet.run('run', id);
          expect((await zombie.ended).said.error?.code).toBe('CONFLICT');
          const { said } = await next.ended;
          // What the other one was at is locked, and left for later.
          expect(said.counts?.failed).toBe(0);
          expect(await here(fleet, id)).toMatchObject({ state: 'done', counts: { done: 40 } });
          expect([...timesChanged(fleet.hubs, 'g1').values()]).toEqual(Array(40).fill(1));
        });
    },
  );
});
