import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplyResult } from '../../../src/core/agent-protocol.ts';
import type { AgentHost } from '../../support/agent-host.ts';

/** Verdicts by id. */
export const seen = (result: ApplyResult): Record<string, string> =>
  Object.fromEntries(result.checks.map((check) => [check.id, check.verdict]));

export async function pidOf(host: AgentHost, service: string): Promise<number | null> {
  return (await host.client().status(host.tenant)).services.find(({ name }) => name === service)?.pid ?? null;
}

/** Waits until it holds; fails after `ms`. */
export async function until(holds: () => Promise<boolean> | boolean, ms = 60_000): Promise<void> {
  for (const deadline = Date.now() + ms; !(await holds()); await sleep(200))
    if (Date.now() > deadline) throw new Error('it did not come true in time');
}
