import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { CompiledPack } from '../src/packs/compiled.ts';
import type { RunInput, RunResult } from '../src/packs/interpret/ports.ts';
import { payloadKeys, TenantCodec } from '../src/services/worker/codec.ts';
import { runOptions } from '../src/services/worker/runs.ts';
import { RUN_PACK } from '../src/services/worker/workflows/names.ts';
import { pack, tell } from '../test/integration/worker/packs.ts';
import { startTemporal } from '../test/support/temporal.ts';
import { PAYLOAD_KEY, type TestWorker, testWorker } from '../test/support/worker.ts';

const BARE_QUEUE = 'bare';
const FILES = fileURLToPath(new URL('bare/', import.meta.url));

/** Five messages, each written to the ledger before and after, and to the inbox. */
export const FIVE = pack(
  [1, 2, 3, 4, 5].map((at) => ({ id: `s${at}`, ...tell('Hello.') })),
  { id: 'five', requires: {} },
);

/** A Temporal server, the shipped worker on it, and a bare one. */
export interface WorkerStage extends AsyncDisposable {
  worker: TestWorker;
  address: string;
  /** Runs a pack to its end. @throws Error when that is not a success */
  run(pack: CompiledPack, tenant?: string): Promise<RunResult>;
  /** Runs the bare workflow to its end. */
  runBare(): Promise<unknown>;
  /** Starts another bare worker, on a queue of nobody's. @returns its process id, when it takes tasks */
  startBare(): Promise<{ pid: number; stop: () => Promise<void> }>;
  clientOf(tenant: string): Client;
  bare: { pid: number };
}

export async function startWorkerStage(
  packs: CompiledPack[],
  tenants: readonly string[] = ['smith'],
): Promise<WorkerStage> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const dir = await mkdtemp(join(tmpdir(), 'chp-bench-'));
  const temporal = await startTemporal(dir);
  const compiled = packs.map((each) => ({ pack: each }));
  const worker = await testWorker({
    dir,
    temporal: temporal.address,
    tenants: tenants.map((name) => ({ name, compiled })),
  });
  await worker.start();
  const bundle = join(dir, 'bare.js');
  const logger = new DefaultLogger('ERROR');
  const { code } = await bundleWorkflowCode({ workflowsPath: join(FILES, 'workflows.ts'), logger });
  await writeFile(bundle, code);
  const startBare = (queue: string) => bareWorker([temporal.address, queue, bundle]);
  const bare = await startBare(BARE_QUEUE);
  const connection = await NativeConnection.connect({ address: temporal.address });
  const plain = new Client({ connection });
  const clients = new Map(
    tenants.map((name) => {
      const codec = new TenantCodec(name, payloadKeys(PAYLOAD_KEY, 'of the bench'));
      return [name, new Client({ connection, dataConverter: { payloadCodecs: [codec] } })];
    }),
  );
  const clientOf = (tenant: string) => clients.get(tenant) as Client;
  return {
    worker,
    address: temporal.address,
    bare,
    clientOf,
    startBare: () => startBare(randomBytes(4).toString('hex')),
    async run(subject, tenant = 'smith') {
      const workflowId = `${tenant}/${subject.id}/${randomBytes(6).toString('hex')}`;
      const options = { ...runOptions(inputOf(subject, tenant)), workflowId };
      const result = (await clientOf(tenant).workflow.execute(RUN_PACK, options)) as RunResult;
      if (result.status !== 'success') throw new Error(`${workflowId}: ${result.reason}`);
      return result;
    },
    runBare: () =>
      plain.workflow.execute('five', { taskQueue: BARE_QUEUE, workflowId: randomBytes(6).toString('hex') }),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await Promise.all([worker[Symbol.asyncDispose](), bare.stop()]);
      await temporal[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export const inputOf = (subject: CompiledPack, tenant: string): RunInput => ({
  tenant: { name: tenant, timezone: 'Europe/Berlin', members: [{ id: 'ana', name: 'Ana', role: 'Adult' }] },
  pack: subject,
  inputs: {},
  trigger: { kind: 'manual', by: 'ana', payload: null },
});

async function bareWorker(args: readonly string[]) {
  const child = spawn(process.execPath, [join(FILES, 'worker.js'), ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const ready = once(createInterface({ input: child.stdout }), 'line');
  await Promise.race([
    ready,
    once(child, 'exit').then(() => Promise.reject(new Error('the bare worker did not start'))),
  ]);
  return { pid: child.pid ?? 0, stop };
}

/** Resident memory of a process, MiB. */
export function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

/** So many at a time, `count` in all. */
export async function many(count: number, atOnce: number, one: () => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** How long each of `count` took, one after the other, ms. */
export async function timesOf(count: number, one: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  while (times.length < count) {
    const began = performance.now();
    await one();
    times.push(performance.now() - began);
  }
  return times;
}
