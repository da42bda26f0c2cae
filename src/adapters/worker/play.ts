import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChpError } from '../../core/errors.ts';
import type { ChpHome } from '../../core/home.ts';
import { temporalServerArgs } from '../../core/temporal-server.ts';
import type { CompiledPack } from '../../packs/compiled.ts';
import type { Fixture } from '../../packs/fixture.ts';
import type { RunResult } from '../../packs/interpret/ports.ts';
import { acquireEngine } from '../engines/acquire.ts';
import type { TreeRequest } from '../trees/cached-tree.ts';
import { unpackedWorkerTree } from './unpacked.ts';

/** One fixture, as it went. */
export interface PlayedFixture {
  name: string;
  /** In which ways it was not as expected; none: it passed. */
  problems: string[];
  result: RunResult;
  ms: number;
}

export type PlayRequest = TreeRequest & { home: ChpHome; env: NodeJS.ProcessEnv };

const NAMESPACE = 'default';
const SERVER_START_MS = 60_000;

/**
 * Plays fixtures on a real Temporal server, which lives for this only, by the very worker that hubs get. Nothing leaves
 * this machine: what the agent, connectors and people answer is recorded.
 * @throws ENGINE_UNAVAILABLE, HOST_UNFIT, ENGINE_FAILED when the worker dies
 */
export async function playFixtures(
  pack: CompiledPack,
  fixtures: ReadonlyMap<string, Fixture>,
  request: PlayRequest,
): Promise<PlayedFixture[]> {
  const engine = await acquireEngine('temporal', request);
  const program = await unpackedWorkerTree(request);
  const dir = await mkdtemp(join(tmpdir(), 'chp-play-'));
  const { signal } = request;
  const port = await freePort();
  const args = temporalServerArgs({ port, dbFile: join(dir, 'temporal.db'), namespace: NAMESPACE });
  const server = spawn(engine.path, args, { stdio: 'ignore', signal });
  server.once('error', () => {});
  try {
    await untilListens(port, server, signal);
    const input = { address: `127.0.0.1:${port}`, pack, fixtures: Object.fromEntries(fixtures) };
    return await play(join(program, 'worker.mjs'), input, signal);
  } catch (error) {
    if (signal.aborted) throw new ChpError('INTERRUPTED', 'the fixtures were stopped', { cause: error });
    throw error;
  } finally {
    server.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  }
}

async function play(program: string, input: object, signal: AbortSignal): Promise<PlayedFixture[]> {
  const child = spawn(process.execPath, [program, 'play'], { env: {}, stdio: ['pipe', 'pipe', 'pipe'], signal });
  const played: PlayedFixture[] = [];
  let said = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    const {
      event,
      at: _at,
      level: _level,
      ...fixture
    } = JSON.parse(line) as { event: string; at: string; level: string };
    if (event === 'played') played.push(fixture as unknown as PlayedFixture);
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  child.stdin.on('error', () => {}).end(JSON.stringify(input));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('close', resolve).once('error', reject),
  );
  if (code === 0) return played.sort((a, b) => a.name.localeCompare(b.name));
  throw new ChpError('ENGINE_FAILED', 'the worker did not play the fixtures to their end', {
    why: said.trim().split('\n').slice(0, 5).join('\n') || `It ended with ${code}.`,
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListens(port: number, server: ChildProcess, signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + SERVER_START_MS; ; await sleep(50, undefined, { signal })) {
    if (server.exitCode !== null || Date.now() > deadline)
      throw new ChpError('ENGINE_FAILED', 'the Temporal server did not start', {
        why:
          server.exitCode === null
            ? `It did not answer in ${SERVER_START_MS / 1000} s.`
            : `It ended with ${server.exitCode}.`,
      });
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(Boolean(socket.destroy())));
      socket.once('error', () => resolve(false));
    });
    if (open) return;
  }
}
