import type { CompiledPack } from '../../compiled.ts';
import type { PackStep } from '../../schema.ts';
import { durationMs } from '../../time.ts';
import type { Act, Acts } from '../../verbs/acts.ts';
import type { Verb } from '../../verbs/verb.ts';
import type { Frame, Running } from '../state.ts';

/** One step with a verb, its `with` evaluated and checked. */
export interface VerbStep {
  running: Running;
  frame: Frame;
  step: PackStep;
  verb: Verb;
  path: string;
  with: Record<string, unknown>;
}

/** What a dry run would do here. */
export function plan({ running, path, verb }: VerbStep, given: Record<string, unknown>): void {
  running.planned.push({ path, verb: verb.name, with: given });
}

const RETRY = { attempts: 3, delayMs: 1000, backoff: 2 };

/**
 * Hands one act to the worker. Its key is the run and the step’s path, with what tells acts of one step apart.
 * @throws VerbFailure
 */
export async function act<A extends Act>(
  { running, step, path, verb }: VerbStep,
  name: A,
  given: Acts[A]['with'],
  options: { apart?: string; timeoutMs?: number } = {},
): Promise<Acts[A]['result']> {
  const { input, ports } = running;
  const { id, version, requires = {} } = input.pack as CompiledPack;
  const { attempts, delay, backoff } = step.retry ?? {};
  return (await ports.act({
    verb: name,
    path,
    key: `${ports.run}/${path}${options.apart ?? ''}`,
    run: ports.run,
    tenant: input.tenant.name,
    pack: { id, version, requires },
    with: given as Record<string, unknown>,
    timeoutMs: (step.timeout && durationMs(step.timeout)) || options.timeoutMs || verb.timeoutMs,
    retry: {
      attempts: attempts ?? RETRY.attempts,
      delayMs: (delay && durationMs(delay)) || RETRY.delayMs,
      backoff: backoff ?? RETRY.backoff,
    },
    dryRun: input.dryRun ?? false,
  })) as Acts[A]['result'];
}
