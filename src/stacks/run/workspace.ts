import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { LocalWorkspace, PulumiCommand, Stack } from '@pulumi/pulumi/automation/index.js';
import { SemVer } from 'semver';
import { statePassphrase } from '../../adapters/keys/passphrase.ts';
import type { ChpHome } from '../../core/home.ts';
import { packagePath } from '../../core/package-root.ts';
import { redactor } from '../../core/redact.ts';
import { EngineExit, runEngine } from './engine-process.ts';

export interface StackOptions {
  home: ChpHome;
  env: NodeJS.ProcessEnv;
  engine: { path: string; version: string };
  signal: AbortSignal;
  /** Told what was repaired, and who is waited for. */
  note?: (text: string) => void;
  /** How long to wait for another run on the same state. Default 60,000. */
  waitMs?: number;
}

export const PROJECT = 'chp';

/** Runs the engine in a folder of its own, which is gone afterwards. */
export type Engine = (...args: string[]) => Promise<string>;

/**
 * A folder for one use of the engine, set up for our project: state in $CHP_HOME (encrypted by passphrase) or wherever
 * CHP_PULUMI_BACKEND_URL says, our provider on PATH, nothing written to the operator's own ~/.pulumi.
 */
export async function withEngine<T>(
  options: StackOptions,
  work: (engine: Engine, dir: string, env: NodeJS.ProcessEnv) => Promise<T>,
): Promise<T> {
  const env = await engineEnv(options);
  const runs = join(options.home.cache, 'pulumi-runs');
  await mkdir(runs, { recursive: true, mode: 0o700 });
  const dir = await mkdtemp(join(runs, 'run-'));
  try {
    await writeFile(join(dir, 'Pulumi.yaml'), `name: ${PROJECT}\nruntime: nodejs\n`);
    const { path } = options.engine;
    const engine: Engine = async (...args) =>
      (await runEngine({ path, args: [...args, '--non-interactive'], cwd: dir, env, signal: options.signal })).stdout;
    return await work(engine, dir, env);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The tenant's stack with an inline program. `create`: made where it is missing. null = there is none. */
export async function openStack(
  tenant: string,
  program: () => Promise<Record<string, unknown>>,
  { create, dir, env, engine, options }: OpenOptions,
): Promise<Stack | null> {
  const { LocalWorkspace, Stack } = await import('@pulumi/pulumi/automation/index.js');
  const workspace = await LocalWorkspace.create({
    workDir: dir,
    program,
    pulumiCommand: command(options, env),
    envVars: env as Record<string, string>,
  });
  const opened = await Stack.select(tenant, workspace).catch(ifMissing(null));
  const stack = opened ?? (create ? await makeStack(Stack, tenant, workspace) : null);
  if (!stack) return null;
  // Every operation asks for both at its end, in three runs of the engine: one is enough, and the history isn't used.
  stack.info = async () => undefined;
  stack.outputs = async () => {
    const outputs = await readOutputs(tenant, engine);
    return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value, secret: true }]));
  };
  return stack;
}

interface OpenOptions {
  create: boolean;
  dir: string;
  env: NodeJS.ProcessEnv;
  engine: Engine;
  options: StackOptions;
}

/** All outputs, secrets in the clear. */
export async function readOutputs(tenant: string, engine: Engine): Promise<Record<string, unknown>> {
  return JSON.parse(await engine('stack', 'output', '--json', '--show-secrets', '--stack', tenant));
}

/** For `catch`: `value` where the stack does not exist. */
export function ifMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof EngineExit && /no stack named/i.test(error.message)) return value;
    throw error;
  };
}

async function makeStack(
  stacks: Pick<typeof Stack, 'create' | 'select'>,
  tenant: string,
  workspace: LocalWorkspace,
): Promise<Stack> {
  return stacks.create(tenant, workspace).catch((error: unknown) => {
    if (error instanceof EngineExit && /already exists/i.test(error.message)) return stacks.select(tenant, workspace);
    throw error;
  });
}

/** Pulumi's own only interrupts the engine and never gives up on it, and hands it all of our environment. */
function command({ engine: { path, version }, signal }: StackOptions, env: NodeJS.ProcessEnv): PulumiCommand {
  const run = (
    args: string[],
    cwd: string,
    more: Record<string, string>,
    onOutput?: (text: string) => void,
    onError?: (text: string) => void,
  ) =>
    runEngine({
      path,
      args: args.includes('--non-interactive') ? args : [...args, '--non-interactive'],
      cwd,
      env: { ...env, ...more, PULUMI_AUTOMATION_API: 'true' },
      signal,
      onOutput,
      onError,
    });
  return { command: path, version: new SemVer(version), run } as PulumiCommand;
}

async function engineEnv({ env, home, engine }: StackOptions): Promise<NodeJS.ProcessEnv> {
  await mkdir(home.pulumiState, { recursive: true, mode: 0o700 });
  const passphrase = statePassphrase(env);
  redactor.add(passphrase);
  // What the operator has set for stacks of their own must not reach ours.
  const inherited = Object.entries(env).filter(
    ([name]) => !name.startsWith('PULUMI_') || name === 'PULUMI_ACCESS_TOKEN',
  );
  return {
    ...Object.fromEntries(inherited),
    PATH: [packagePath('bin'), dirname(engine.path), env.PATH ?? ''].join(delimiter),
    PULUMI_HOME: join(home.cache, 'pulumi'),
    PULUMI_BACKEND_URL: env.CHP_PULUMI_BACKEND_URL || `file://${home.pulumiState}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    CHP_NODE: process.execPath,
    CHP_HOME: home.dir,
  };
}
