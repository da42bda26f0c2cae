import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireEngine } from '../../src/adapters/engines/acquire.ts';
import { sha256 } from '../../src/core/digest.ts';
import { chpHome } from '../../src/core/home.ts';
import { scanTree, writeTreeArchive } from '../../src/core/tree-archive.ts';
import type { HubArgs } from '../../src/stacks/args/hub.ts';
import type { StackOptions } from '../../src/stacks/run/workspace.ts';
import { recordedProgress } from './progress.ts';
import { TEST_CACHE } from './runtime-bundle.ts';

/** The real engine, kept between runs: the first one may download or build it. */
export function testEngine(env: NodeJS.ProcessEnv = process.env): Promise<{ path: string; version: string }> {
  const home = chpHome({ CHP_HOME: join(TEST_CACHE, 'home'), CHP_CACHE: TEST_CACHE });
  return acquireEngine('pulumi', {
    home,
    env,
    progress: recordedProgress(),
    signal: AbortSignal.timeout(25 * 60_000),
  });
}

/** A tenant whose host is a folder of this machine, with a small tree in the place of node. */
export class HubStack implements AsyncDisposable {
  readonly dir: string;
  readonly args: HubArgs;
  readonly #options: Omit<StackOptions, 'signal'>;
  readonly notes: string[];

  constructor(dir: string, args: HubArgs, options: Omit<StackOptions, 'signal'>, notes: string[]) {
    this.dir = dir;
    this.args = args;
    this.#options = options;
    this.notes = notes;
  }

  /** `host`: what differs from a folder of this machine. */
  static async create(host: Partial<HubArgs> = {}, more: NodeJS.ProcessEnv = {}): Promise<HubStack> {
    const engine = await testEngine();
    const dir = await mkdtemp(join(tmpdir(), 'chp-stack-'));
    const source = join(dir, 'node');
    await mkdir(join(source, 'bin'), { recursive: true });
    await writeFile(join(source, 'bin', 'node'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const tree = await scanTree(source);
    const nodeArchive = join(dir, `${tree.digest}.tar.zst`);
    await writeTreeArchive(source, tree, nodeArchive);
    const agent = '// an agent\n';
    const agentPath = join(dir, 'agent.mjs');
    await writeFile(agentPath, agent);
    await mkdir(join(dir, 'tmp'));
    const env = { ...process.env, CHP_HOME: join(dir, 'home'), TMPDIR: join(dir, 'tmp'), ...more };
    const args: HubArgs = {
      tenant: 'demo',
      host: 'local',
      root: join(dir, 'hub'),
      manager: 'supervisor',
      nodeDigest: tree.digest,
      nodeArchive,
      agentDigest: sha256(agent),
      agentPath,
      firewallPorts: null,
      packages: [],
      ...host,
    };
    const notes: string[] = [];
    const options = {
      home: chpHome(env),
      env,
      engine,
      note: (text: string) => notes.push(text),
    };
    return new HubStack(dir, args, options, notes);
  }

  /** For one run: its time begins now. */
  get options(): StackOptions {
    return { ...this.#options, signal: AbortSignal.timeout(110_000) };
  }

  /** Below the root of the host. */
  path(...parts: string[]): string {
    return join(this.args.root, ...parts);
  }

  get stateFile(): string {
    return join(this.options.home.pulumiState, '.pulumi', 'stacks', 'chp', `${this.args.tenant}.json`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}
