import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Registry } from '../../../src/core/ports/registry.ts';
import { type Context, openContext } from '../../../src/operations/context.ts';
import type { RolloutFlags } from '../../../src/operations/rollout/request.ts';
import { startRollout } from '../../../src/operations/rollout/roll-out.ts';
import { recordedProgress } from '../../support/progress.ts';
import { type SimulatedHubs, simulatedHubs } from '../../support/simulated-hubs.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

export const FLAGS: RolloutFlags = {
  all: true,
  canary: '1',
  batch: '100%',
  'max-failures': '0',
  'soak-between': '0s',
  jitter: '0s',
  seed: 1,
  'at-once': 8,
  executor: 'local',
};

export interface Ended {
  code: number | null;
  said: { state?: string; reason?: string; counts?: Record<string, number>; error?: { code: string } };
}

/** Another chp on the same registry. */
export interface Runner {
  child: ChildProcessWithoutNullStreams;
  ended: Promise<Ended>;
  kill(): Promise<void>;
}

/** Many families in a registry of their own, on simulated hubs. */
export interface SimulatedFleet extends AsyncDisposable {
  context: Context;
  registry: Registry;
  hubs: SimulatedHubs;
  env: NodeJS.ProcessEnv;
  /** @returns the rollout's id */
  start(generation: string, flags?: Partial<RolloutFlags>): Promise<string>;
  run(...args: string[]): Runner;
}

/** `of`: label lines of each tenant, by its name. */
export async function simulatedFleet(
  of: Record<string, Record<string, unknown>>,
  more: { env?: NodeJS.ProcessEnv; takes?: number } = {},
): Promise<SimulatedFleet> {
  const home = mkdtempSync(join(tmpdir(), 'chp-fleet-'));
  const env = { ...process.env, CHP_HOME: home, CHP_ACTOR: 'tester', ...more.env };
  const hubs = await simulatedHubs(more.takes);
  const context = openContext({ env, progress: recordedProgress(), signal: new AbortController().signal });
  const registry = await context.registry();
  await registry.together(async (changes) => {
    for (const [name, keys] of Object.entries(of)) {
      const document = JSON.stringify({
        schema: 1,
        name,
        topology: 'hub',
        host: 'local',
        model: { provider: 'demo' },
        ...keys,
      });
      await changes.createTenant({ name, topology: 'hub', host: 'local', document }, []);
    }
  });
  const children = new Set<ChildProcessWithoutNullStreams>();
  return {
    context,
    registry,
    hubs,
    env,
    start: (generation, flags = {}) =>
      startRollout(context, { name: 'apply', options: { generation } }, { ...FLAGS, ...flags }),
    run(...args) {
      const child = spawn(process.execPath, [WORKER, String(hubs.port), ...args], { env });
      children.add(child);
      child.stderr.pipe(process.stderr);
      const gone = once(child, 'exit');
      const ended = Promise.all([text(child.stdout), gone]).then(
        ([said]): Ended => ({ code: child.exitCode, said: said === '' ? {} : JSON.parse(said) }),
      );
      const kill = async () => {
        child.kill('SIGKILL');
        await gone;
      };
      return { child, ended, kill };
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill('SIGKILL');
      await context[Symbol.asyncDispose]();
      await hubs[Symbol.asyncDispose]();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export const families = (count: number, keys: (index: number) => Record<string, unknown> = () => ({})) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, keys(index)]));

/** Each of `tenants` got the generation, and got it once. */
export function timesChanged(hubs: SimulatedHubs, generation: string): Map<string, number> {
  const times = new Map<string, number>();
  for (const effect of hubs.effects)
    if (effect.generation === generation) times.set(effect.tenant, (times.get(effect.tenant) ?? 0) + 1);
  return times;
}
