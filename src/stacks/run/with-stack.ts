import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { explainFailure } from './faults.ts';
import { removeDeadLocks, type StateLock } from './locks.ts';
import { type PendingOperation, pendingOperations } from './repair.ts';
import { type Engine, openStack, type StackOptions, withEngine } from './workspace.ts';

export interface OpenedStack {
  stack: Stack;
  engine: Engine;
  /** What earlier runs began and never ended. */
  pending: PendingOperation[];
}

const WAIT_MS = 60_000;
const RETRY_MS = 1_000;

/**
 * Works on a tenant's stack; `program` null = it must be there already, and `null` comes back when it is not. Locks of
 * dead runs are removed; a living one is waited for, then named. `work` may be run again from its start: the engine
 * refuses before it has done anything.
 * @throws LOCKED, STATE_STUCK, ENGINE_FAILED, INTERRUPTED, DEADLINE, and what the provider threw
 */
export async function withStack<T>(
  tenant: string,
  program: (() => Promise<Record<string, unknown>>) | null,
  options: StackOptions,
  work: (opened: OpenedStack) => Promise<T>,
): Promise<T | null> {
  const note = options.note ?? (() => {});
  let deadline: number | undefined;
  for (;;) {
    try {
      return await once(tenant, program, options, work);
    } catch (error) {
      const fault = explainFailure(tenant, error);
      if (fault.code !== 'LOCKED') throw fault;
      const removed = await removeDeadLocks(fault.details.locks as StateLock[]);
      for (const { pid } of removed) note(`Removed the lock of an earlier run that is dead (pid ${pid}).`);
      if (removed.length > 0) continue;
      if (deadline === undefined) note(`Waiting: ${fault.why}`);
      deadline ??= Date.now() + (options.waitMs ?? WAIT_MS);
      if (Date.now() >= deadline) throw fault;
      // Two that wait for each other's lock must not meet again.
      await sleep(RETRY_MS * (0.5 + Math.random()), undefined, { signal: options.signal });
    }
  }
}

function once<T>(
  tenant: string,
  program: (() => Promise<Record<string, unknown>>) | null,
  options: StackOptions,
  work: (opened: OpenedStack) => Promise<T>,
): Promise<T | null> {
  return withEngine(options, async (engine, dir, env) => {
    const opening = { create: program !== null, dir, env, engine, options };
    const [stack, pending] = await Promise.all([
      openStack(tenant, program ?? (async () => ({})), opening),
      pendingOperations(tenant, engine),
    ]);
    return stack ? await work({ stack, engine, pending }) : null;
  });
}
