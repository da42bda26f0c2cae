import { randomInt } from 'node:crypto';
import { ChpError } from '../../core/errors.ts';
import { type Amount, parseAmount } from '../../core/rollout/amount.ts';
import type { RolloutOperation, RolloutSpec } from '../../core/rollout/spec.ts';
import { durationMs } from '../../packs/time.ts';

/** What an operator says of a rollout, as flags. */
export interface RolloutFlags {
  all?: boolean | undefined;
  selector?: string | undefined;
  rings?: string | undefined;
  canary: string;
  batch: string;
  'max-failures': string;
  'soak-between': string;
  jitter: string;
  seed?: number | undefined;
  'at-once': number;
  'ignore-windows'?: boolean | undefined;
  'wait-for-windows'?: boolean | undefined;
  executor: string;
}

/** A rollout that is asked for: shares are still shares, as it is not known yet of how many. */
export interface RolloutRequest
  extends Pick<
    RolloutSpec,
    | 'operation'
    | 'selector'
    | 'executor'
    | 'soakMs'
    | 'jitterMs'
    | 'seed'
    | 'atOnce'
    | 'ignoreWindows'
    | 'waitForWindows'
  > {
  rings: string[];
  canary: Amount;
  batch: Amount;
  maxFailures: Amount;
}

const SEEDS = 2 ** 31;

/** @throws BAD_INPUT naming the flag */
export function rolloutRequest(operation: RolloutOperation, flags: RolloutFlags): RolloutRequest {
  return {
    operation,
    selector: flags.selector ?? null,
    executor: flags.executor === 'temporal' ? 'temporal' : 'local',
    rings: (flags.rings ?? '').split(',').flatMap((ring) => ring.trim() || []),
    canary: parseAmount(flags.canary, '--canary'),
    batch: parseAmount(flags.batch, '--batch'),
    maxFailures: parseAmount(flags['max-failures'], '--max-failures'),
    soakMs: duration(flags['soak-between'], '--soak-between'),
    jitterMs: duration(flags.jitter, '--jitter'),
    seed: flags.seed ?? randomInt(SEEDS),
    atOnce: flags['at-once'],
    ignoreWindows: flags['ignore-windows'] ?? false,
    waitForWindows: flags['wait-for-windows'] ?? false,
  };
}

function duration(text: string, flag: string): number {
  const ms = durationMs(text);
  if (ms !== null) return ms;
  throw new ChpError('BAD_INPUT', `${flag} is "${text}"; it must be a time such as 90s or 10m`);
}
