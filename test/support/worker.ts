import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerTree } from '../../src/adapters/worker/trees.ts';
import { compiledPackFile, WORKER_CONFIG_FILE } from '../../src/core/automation.ts';
import { chpHome } from '../../src/core/home.ts';
import type { TreeRef } from '../../src/core/ports/runtime.ts';
import type { InstalledPack, WorkerConfig, WorkerMethod, WorkerTenant } from '../../src/core/worker-protocol.ts';
import type { CompiledPack } from '../../src/packs/compiled.ts';
import { unpacked } from './gateway.ts';
import { recordedProgress } from './progress.ts';
import { TEST_CACHE, testBundle } from './runtime-bundle.ts';

/** The real worker, from its tree, with the shipped node and nothing of this process's environment. */
export interface TestWorker extends AsyncDisposable {
  dir: string;
  child: ChildProcess;
  /** Lines of its log so far. */
  log: Record<string, unknown>[];
  call<T = any>(method: WorkerMethod, params?: object): Promise<T>;
  /** Resolves when it takes tasks; with `failpoint`, it dies there. */
  start(failpoint?: string): Promise<void>;
  /** Resolves when it is gone. */
  died(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Writes worker.json and the packs; a running worker takes them in with `reload`. */
  configure(tenants: TestTenant[]): Promise<void>;
}

export interface TestTenant extends Partial<WorkerTenant> {
  compiled?: { pack: CompiledPack; inputs?: Record<string, unknown>; enabled?: boolean }[];
}

export interface TestWorkerOptions {
  dir: string;
  temporal: string;
  /** How the server is reached, beside its address. */
  connection?: Omit<WorkerConfig['temporal'], 'address' | 'namespace'>;
  tenants: TestTenant[];
  env?: NodeJS.ProcessEnv;
  build?: string;
}

export const PAYLOAD_KEY = randomBytes(32).toString('base64');

/** Not started yet. */
export async function testWorker(options: TestWorkerOptions): Promise<TestWorker> {
  const { dir, env = {} } = options;
  const tree = await unpacked(await testWorkerTree());
  const node = join(await unpacked((await testBundle()).node), 'bin', 'node');
  const state = join(dir, 'automation');
  let next = 0;
  const worker: TestWorker = {
    dir,
    child: undefined as never,
    log: [],
    async start(failpoint) {
      const child = spawn(node, [join(tree, 'worker.mjs')], {
        env: {
          CHP_WORKER_CONFIG: join(dir, 'generation', WORKER_CONFIG_FILE),
          CHP_WORKER_DIR: state,
          CHP_GATEWAY_TOKEN: 'test-token',
          CHP_PAYLOAD_KEY: PAYLOAD_KEY,
          ...env,
          ...(failpoint ? { CHP_FAILPOINT: `worker:${failpoint}` } : {}),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      worker.child = child;
      const from = worker.log.length;
      for (const stream of [child.stdout, child.stderr])
        createInterface({ input: stream }).on('line', (line) => worker.log.push(parsed(line)));
      for (const deadline = Date.now() + 60_000; ; await sleep(20)) {
        if (worker.log.slice(from).some(({ event }) => event === 'ready')) return;
        if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline)
          throw new Error(`the worker did not start: ${JSON.stringify(worker.log.slice(from), null, 1)}`);
      }
    },
    async died() {
      const { child } = worker;
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      await new Promise((resolve) => child.once('exit', resolve));
    },
    async kill(signal) {
      worker.child?.kill(signal);
      await worker.died();
    },
    configure: (tenants) => configure({ ...options, tenants }),
    call: (method, params = {}) => call(join(state, 'worker.sock'), { id: ++next, method, params }),
    [Symbol.asyncDispose]: () => worker.kill('SIGKILL'),
  };
  await mkdir(state, { recursive: true, mode: 0o700 });
  await worker.configure(options.tenants);
  return worker;
}

export function testWorkerTree(): Promise<TreeRef> {
  const home = chpHome({ CHP_HOME: TEST_CACHE, CHP_CACHE: TEST_CACHE });
  const platform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64';
  return workerTree(platform, { home, progress: recordedProgress(), signal: new AbortController().signal });
}

async function configure({ dir, temporal, connection, tenants, build = 'test' }: TestWorkerOptions): Promise<void> {
  const put = async (path: string, value: unknown) => {
    const file = join(dir, 'generation', path);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(`${file}.new`, JSON.stringify(value));
    await rename(`${file}.new`, file);
  };
  await rm(join(dir, 'generation', 'packs'), { recursive: true, force: true });
  for (const { pack } of tenants.flatMap(({ compiled = [] }) => compiled)) {
    await put(compiledPackFile(pack.id), pack);
    // Two tenants may have two versions.
    await put(`packs/${pack.digest}.json`, pack);
  }
  const config: WorkerConfig = {
    schema: 1,
    temporal: { address: temporal, namespace: 'default', ...connection },
    build,
    tenants: tenants.map(tenantConfig),
  };
  await put(WORKER_CONFIG_FILE, config);
}

const tenantConfig = ({ compiled = [], ...more }: TestTenant): WorkerTenant => ({
  name: 'smith',
  timezone: 'Europe/Berlin',
  members: [
    { id: 'ana', name: 'Ana', role: 'Admin' },
    { id: 'ben', name: 'Ben', role: 'Adult' },
    { id: 'cleo', name: 'Cleo', role: 'Child' },
  ],
  gateway: { port: 1, tokenSecret: 'CHP_GATEWAY_TOKEN', agent: 'main' },
  payloadKeySecret: 'CHP_PAYLOAD_KEY',
  packs: compiled.map(
    ({ pack: { id, version, digest }, inputs = {}, enabled = true }): InstalledPack => ({
      id,
      version,
      integrity: 'sha512-test',
      digest,
      inputs,
      enabled,
    }),
  ),
  connectors: {},
  notify: {},
  ...more,
});

function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { event: 'text', line };
  }
}

function call(socketPath: string, request: object): Promise<any> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.write(`${JSON.stringify(request)}\n`));
    socket.once('error', reject);
    createInterface({ input: socket })
      .on('line', (line) => {
        socket.end();
        const answer = JSON.parse(line);
        if (answer.ok) resolve(answer.result);
        else reject(Object.assign(new Error(answer.error.message), answer.error));
      })
      .on('error', () => {})
      .on('close', () => reject(new Error('the worker closed the connection')));
  });
}
