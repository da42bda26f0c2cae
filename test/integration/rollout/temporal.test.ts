import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askJob } from '../../../src/operations/jobs/steer-job.ts';
import { runRollout } from '../../../src/operations/rollout/run.ts';
import { postgresBin, startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { startTemporal, type TestTemporal } from '../../support/temporal.ts';
import { families, type SimulatedFleet, simulatedFleet, timesChanged } from './fleet.ts';

/** Rollouts as workflows on a real server; the registry is Postgres where it is installed. */
const dir = mkdtempSync(join(tmpdir(), 'chp-ops-'));
const bin = postgresBin();
let temporal: TestTemporal;
let server: TestPostgres | undefined;
beforeAll(async () => {
  temporal = await startTemporal(dir);
  if (bin) server = await startPostgres(bin);
});
afterAll(async () => {
  await temporal?.[Symbol.asyncDispose]();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const fleetOf = async (count: number, takes: number): Promise<SimulatedFleet> =>
  simulatedFleet(families(count), {
    takes,
    env: { TEMPORAL_ADDRESS: temporal.address, ...(server ? { CHP_DATABASE_URL: await server.database() } : {}) },
  });

test('a worker and the server killed half-way: nothing is done twice, nothing is left between', async () => {
  await using fleet = await fleetOf(80, 250);
  fleet.hubs.be('t7', 'offline');
  const first = fleet.run('ops', '6');
  const id = await fleet.start('g1', { executor: 'temporal', 'at-once': 6, canary: '2', batch: '50%' });
  const running = runRollout(fleet.context, id, { retry: false });
  await expect.poll(() => fleet.hubs.effects.length, { timeout: 60_000 }).toBeGreaterThan(10);
  await first.kill();
  const killedAt = fleet.hubs.effects.length;
  fleet.run('ops', '6');
  await expect.poll(() => fleet.hubs.effects.length, { timeout: 60_000 }).toBeGreaterThan(killedAt + 10);
  await temporal.kill();
  await temporal.start();
  const ended = await running;
  expect(ended).toMatchObject({ state: 'partial', reason: '1 deferred', counts: { done: 79, deferred: 1 } });
  expect(ended.tenants.some(({ attempts }) => attempts > 1)).toBe(true);

  fleet.hubs.be('t7', 'well');
  expect(await runRollout(fleet.context, id, { retry: false })).toMatchObject({ state: 'done', counts: { done: 80 } });
  expect([...timesChanged(fleet.hubs, 'g1').values()]).toEqual(Array(80).fill(1));
  const actions = (await fleet.registry.audit({ limit: 500 })).map(({ action }) => action);
  expect(actions.filter((action) => action === 'rollout.end')).toHaveLength(2);
});

test('paused and gone on with from another process; a broken canary halts it', async () => {
  await using fleet = await fleetOf(30, 150);
  fleet.run('ops', '4');
  const id = await fleet.start('g1', { executor: 'temporal', 'at-once': 4 });
  const running = runRollout(fleet.context, id, { retry: false });
  await expect.poll(() => fleet.hubs.effects.length, { timeout: 60_000 }).toBeGreaterThan(4);
  await askJob(fleet.context, id, 'pause');
  const paused = await running;
  expect(paused).toMatchObject({ state: 'paused', counts: { running: 0, done: fleet.hubs.effects.length } });
  expect(paused.counts.waiting).toBeGreaterThan(0);
  expect(await runRollout(fleet.context, id, { retry: false })).toMatchObject({ state: 'done', counts: { done: 30 } });

  const next = await fleet.start('g2', { executor: 'temporal' });
  fleet.hubs.be((await fleet.registry.rolloutTenants(next))[0]?.tenant ?? '', 'broken');
  expect(await runRollout(fleet.context, next, { retry: false })).toMatchObject({
    state: 'halted',
    counts: { failed: 1, waiting: 29 },
  });
  expect(await askJob(fleet.context, next, 'cancel')).toMatchObject({ state: 'cancelled' });
  expect(timesChanged(fleet.hubs, 'g2').size).toBe(0);
});
