import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { runRollout } from '../../src/operations/rollout/run.ts';
import { families, simulatedFleet } from '../../test/integration/rollout/fleet.ts';
import { postgresBin, startPostgres } from '../../test/support/postgres.ts';
import { startTemporal } from '../../test/support/temporal.ts';
import type { BenchCase } from '../harness.ts';
import { memoryOf } from '../worker-stage.ts';

const [TENANTS, AT_ONCE] = [2000, 100];
const BARE = 'bare workflow, the same activities';
const CHP = 'chp, canaries and ten waves';
const WORKER = fileURLToPath(new URL('../bare/fleet-worker.ts', import.meta.url));

export default {
  name: 'fleet-executor',
  title: `A rollout to ${TENANTS} simulated hubs, ${AT_ONCE} at a time, on one Temporal server, its journal in Postgres: chp's workflow beside a bare one that calls the same activities`,
  rounds: 3,
  lacks: async () => (postgresBin() ? null : 'Postgres is not installed'),
  prepare: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'chp-bench-'));
    const temporal = await startTemporal(dir);
    const postgres = await startPostgres(postgresBin() as string);
    const fleet = await simulatedFleet(families(TENANTS), {
      takes: 20,
      env: { TEMPORAL_ADDRESS: temporal.address, CHP_DATABASE_URL: await postgres.database() },
    });
    const env = fleet.env;
    const worker = spawn(process.execPath, [WORKER, String(fleet.hubs.port), String(AT_ONCE)], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const died = once(worker, 'exit').then(() => Promise.reject(new Error('the worker did not start')));
    await Promise.race([once(createInterface({ input: worker.stdout }), 'line'), died]);
    died.catch(() => {});
    const connection = await Connection.connect({ address: temporal.address });
    const client = new Client({ connection });
    const rates = new Map<string, number>();
    let generation = 0;
    const start = () => fleet.start(`g${++generation}`, { executor: 'temporal', batch: '10%', 'at-once': AT_ONCE });
    const timed = async (label: string, work: () => Promise<unknown>) => {
      const began = performance.now();
      await work();
      rates.set(label, (TENANTS * 1000) / (performance.now() - began));
    };
    let id = '';
    const before = async () => {
      id = await start();
    };
    return {
      sides: [
        {
          label: BARE,
          before,
          run: () =>
            timed(BARE, async () => {
              const { epoch } = await fleet.registry.takeRollout(id, { retry: false });
              const names = (await fleet.registry.rolloutTenants(id)).map(({ tenant }) => tenant);
              await client.workflow.execute('bareRollout', {
                taskQueue: 'bare-ops',
                workflowId: `bare-${id}`,
                args: [id, epoch, names, AT_ONCE],
              });
            }),
        },
        {
          label: CHP,
          before,
          run: () =>
            timed(CHP, async () => {
              const { state } = await runRollout(fleet.context, id, { retry: false });
              if (state !== 'done') throw new Error(`the rollout ended ${state}`);
            }),
        },
      ],
      // 0.8 of the throughput.
      limits: [{ subject: CHP, than: BARE, atMost: 1 / 0.8 }],
      notes: () => [
        `Tenants per second, last round: ${[...rates].map(([label, rate]) => `${label} ${rate.toFixed(0)}`).join(', ')}. Memory of the worker: ${memoryOf(worker.pid ?? 0).toFixed(0)} MiB.`,
        'Each activity is two statements of the journal and a question to a hub that takes 20 ms. The bare workflow has no waves: chp waits for the last of each wave, and for its canary.',
      ],
      [Symbol.asyncDispose]: async () => {
        worker.kill('SIGKILL');
        await connection.close();
        await fleet[Symbol.asyncDispose]();
        await postgres.stop();
        await temporal[Symbol.asyncDispose]();
        await rm(dir, { recursive: true, force: true });
      },
    };
  },
} satisfies BenchCase;
