import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayClient } from '../../src/core/gateway-client.ts';
import type { TreeRef } from '../../src/core/ports/runtime.ts';
import { extractTreeArchive } from '../../src/core/tree-archive.ts';
import { TEST_CACHE, testBundle } from './runtime-bundle.ts';
import { freePort } from './temporal.ts';

/** The real gateway, with a model of the test's, that can be killed and started again. */
export interface TestGateway extends AsyncDisposable {
  port: number;
  token: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  call(method: string, params: object): Promise<any>;
}

const TOKEN = 'test-token';

export async function startGateway(dir: string, model: { url: string; id: string }): Promise<TestGateway> {
  const bundle = await testBundle();
  const [node, app] = await Promise.all([unpacked(bundle.node), unpacked(bundle.app)]);
  const port = await freePort();
  const config = join(dir, 'gateway.json');
  await writeFile(config, JSON.stringify(configOf(port, dir, model)));
  for (const name of ['state', 'home']) await mkdir(join(dir, name), { recursive: true });
  // The gateway keeps what it transpiled here, by its own path: the second start of all is the first fast one.
  const tmp = join(TEST_CACHE, 'gateway-tmp');
  await mkdir(tmp, { recursive: true });
  let child: ChildProcess | undefined;
  const gateway: TestGateway = {
    port,
    token: TOKEN,
    async start() {
      child = spawn(join(node, 'bin/node'), [join(app, 'node_modules/clawdbot/dist/entry.js'), 'gateway', 'run'], {
        cwd: dir,
        env: {
          HOME: join(dir, 'home'),
          TMPDIR: tmp,
          CLAWDBOT_NO_RESPAWN: '1',
          CLAWDBOT_DISABLE_BONJOUR: '1',
          CLAWDBOT_CONFIG_PATH: config,
          CLAWDBOT_STATE_DIR: join(dir, 'state'),
        },
        stdio: 'ignore',
      });
      for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(100)) {
        const client = await GatewayClient.connect(port, TOKEN, 2_000).catch(() => null);
        await client?.[Symbol.asyncDispose]();
        if (client) return;
      }
      throw new Error('the gateway did not start');
    },
    async kill() {
      const running = child;
      child = undefined;
      if (!running || running.exitCode !== null) return;
      const gone = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGKILL');
      await gone;
    },
    async call(method, params) {
      await using client = await GatewayClient.connect(port, TOKEN);
      return await client.call(method, params);
    },
    [Symbol.asyncDispose]: () => gateway.kill(),
  };
  await gateway.start();
  return gateway;
}

/** A tree of a bundle, unpacked once for all tests. */
export async function unpacked(tree: TreeRef): Promise<string> {
  const dest = join(TEST_CACHE, 'unpacked', tree.digest);
  if (!existsSync(dest)) await extractTreeArchive(createReadStream(tree.archive), dest, tree.digest);
  return dest;
}

function configOf(port: number, dir: string, { url, id }: { url: string; id: string }): object {
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  const model = { id, name: id, reasoning: false, input: ['text'], cost, contextWindow: 128_000, maxTokens: 8_192 };
  return {
    gateway: { mode: 'local', port, bind: 'loopback', auth: { token: TOKEN } },
    plugins: { slots: { memory: 'none' } },
    models: { providers: { test: { baseUrl: url, apiKey: 'x', api: 'openai-completions', models: [model] } } },
    agents: {
      defaults: { skipBootstrap: true, workspace: join(dir, 'home', 'workspace'), model: { primary: `test/${id}` } },
    },
    skills: { allowBundled: ['none'] },
    tools: { profile: 'minimal' },
  };
}
