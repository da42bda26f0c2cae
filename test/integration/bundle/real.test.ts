import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RuntimeBundle } from '../../../src/core/ports/runtime.ts';
import { extractTreeArchive, readTreeEntries } from '../../../src/core/tree-archive.ts';
import { testBundle } from '../../support/runtime-bundle.ts';

/**
 * Trees built in other places and at other times from the same lock file. When the lock file, the prune list or the node changes these
 * change too: build twice in different places, compare, and write the new ones here.
 */
const BUILT_ELSEWHERE = {
  'linux-x64': '6cd58ad7af8df46c747d7dc262b635e056a548f1249826ef33529b372bd220d5',
  'linux-arm64': '774a75ea8e425924b2c5ec71ee062d92d5c40d551855accb88a833e6c9a664ff',
};

let bundle: RuntimeBundle;
let dir = '';
beforeAll(async () => {
  bundle = await testBundle();
  dir = await mkdtemp(join(tmpdir(), 'chp real bundle-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('is the same here as where it was built before', () => {
  expect(bundle.app.digest).toBe(BUILT_ELSEWHERE[bundle.platform]);
});

test('is small, keeps what the gateway reads at run time, and holds no compiled part of another platform', async () => {
  const paths = (await readTreeEntries(bundle.app.archive)).map((entry) => entry.path);
  expect(bundle.app.size).toBeLessThan(200e6);
  expect(bundle.app.archiveSize + bundle.node.archiveSize).toBeLessThan(80e6);
  for (const kept of [
    'clawdbot/docs/reference/templates/',
    'playwright-core/',
    '@mariozechner/clipboard/',
    'strip-ansi/',
  ])
    expect(
      paths.some((path) => path.startsWith(`node_modules/${kept}`)),
      kept,
    ).toBe(true);
  const other = bundle.platform === 'linux-x64' ? 'arm64' : 'x64';
  const native = paths.filter((path) => path.endsWith('.node'));
  expect(native.length).toBeGreaterThan(1);
  expect(native.filter((path) => /darwin|win32|musl/.test(path) || path.includes(`linux-${other}`))).toEqual([]);
});

test('boots anywhere, with nothing but its own node and an empty environment', async () => {
  const { node, app } = { node: join(dir, 'trees/node'), app: join(dir, 'trees/app') };
  await extractTreeArchive(createReadStream(bundle.node.archive), node, bundle.node.digest);
  await extractTreeArchive(createReadStream(bundle.app.archive), app, bundle.app.digest);
  const port = await freePort();
  const config = join(dir, 'gateway.json');
  await writeFile(
    config,
    JSON.stringify({
      gateway: { mode: 'local', port, bind: 'loopback', auth: { token: 'test-token' } },
      plugins: { slots: { memory: 'none' } },
    }),
  );
  for (const name of ['state', 'tmp', 'home']) await mkdir(join(dir, name));
  const gateway = spawn(join(node, 'bin/node'), [join(app, 'node_modules/clawdbot/dist/entry.js'), 'gateway', 'run'], {
    cwd: dir,
    env: {
      HOME: join(dir, 'home'),
      TMPDIR: join(dir, 'tmp'),
      CLAWDBOT_NO_RESPAWN: '1',
      CLAWDBOT_DISABLE_BONJOUR: '1',
      CLAWDBOT_CONFIG_PATH: config,
      CLAWDBOT_STATE_DIR: join(dir, 'state'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [gateway.stdout, gateway.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const exited = new Promise<void>((resolve) => gateway.once('exit', () => resolve()));
  try {
    const health = await untilHealthy(port, () => gateway.exitCode !== null);
    expect(health, output).toMatchObject({ ok: true });
  } finally {
    gateway.kill('SIGTERM');
    await exited;
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilHealthy(port: number, gone: () => boolean): Promise<unknown> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && !gone()) {
    const answer = await health(port).catch(() => null);
    if (answer) return answer;
    await sleep(200);
  }
  return null;
}

function health(port: number): Promise<unknown> {
  const client = { id: 'cli', version: '1', platform: 'linux', mode: 'cli' };
  const scopes = ['operator.admin'];
  const connect = { minProtocol: 3, maxProtocol: 3, client, role: 'operator', scopes, auth: { token: 'test-token' } };
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    const call = (id: string, method: string, params: unknown) =>
      socket.send(JSON.stringify({ type: 'req', id, method, params }));
    socket.onerror = () => reject(new Error('not yet'));
    socket.onopen = () => call('1', 'connect', connect);
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(String(data)) as { type: string; id?: string };
      if (frame.type !== 'res') return;
      if (frame.id === '1') return call('2', 'health', {});
      socket.close();
      resolve(frame);
    };
  });
}
