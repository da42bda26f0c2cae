import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireEngine } from '../../src/adapters/engines/acquire.ts';
import { chpHome } from '../../src/core/home.ts';
import { temporalServerArgs } from '../../src/core/temporal-server.ts';
import { recordedProgress } from './progress.ts';
import { TEST_CACHE } from './runtime-bundle.ts';

/** A real Temporal server on this machine, with its data in a file, that can be killed and started again. */
export interface TestTemporal extends AsyncDisposable {
  address: string;
  dbFile: string;
  /** As a power cut would end it. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function startTemporal(dir: string): Promise<TestTemporal> {
  const home = chpHome({ CHP_HOME: TEST_CACHE, CHP_CACHE: TEST_CACHE });
  const { signal } = new AbortController();
  const engine = await acquireEngine('temporal', { home, env: process.env, progress: recordedProgress(), signal });
  const port = await freePort();
  const dbFile = join(dir, 'temporal.db');
  let child: ChildProcess | undefined;
  const server: TestTemporal = {
    address: `127.0.0.1:${port}`,
    dbFile,
    async start() {
      child = spawn(engine.path, temporalServerArgs({ port, dbFile, namespace: 'default' }), { stdio: 'ignore' });
      await untilListens(port);
    },
    async kill() {
      const running = child;
      child = undefined;
      if (!running || running.exitCode !== null) return;
      const gone = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGKILL');
      await gone;
    },
    [Symbol.asyncDispose]: () => server.kill(),
  };
  await server.start();
  return server;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListens(port: number): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.once('connect', () => resolve(Boolean(socket.destroy())));
      socket.once('error', () => resolve(false));
    });
    if (open) return;
  }
  throw new Error(`nothing listens on port ${port}`);
}
